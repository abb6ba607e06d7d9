/** The frame: header, the page for the address, and what moves between pages (focus, scroll). */
import { useEffect, useRef } from 'react';
import { Route, Switch, useLocation } from 'wouter';
import { Header } from './components/header.tsx';
import { going, useZone } from './data/hooks.ts';
import { useStatus } from './data/questions.ts';
import { AlertsPage } from './pages/alerts.tsx';
import { NotFoundPage } from './pages/not-found.tsx';
import { OverviewPage } from './pages/overview/overview.tsx';
import { ProblemPage } from './pages/problems/problem.tsx';
import { ProblemsPage } from './pages/problems/problems.tsx';
import { RefusalPage } from './pages/refusal/refusal.tsx';
import { RefusalsPage } from './pages/refusals/refusals.tsx';
import { SettingsPage } from './pages/settings.tsx';
import { SourcesPage } from './pages/sources.tsx';

export function App() {
  const status = useStatus();
  const [path] = useLocation();
  const zone = useZone();
  const main = useRef<HTMLElement>(null);
  const last = useRef<string | null>(null);

  // A new page begins at its top, and a screen reader at its heading.
  useEffect(() => {
    const before = last.current;
    last.current = path;
    if (before === null || before === path) return;
    going.cameFrom = before;
    if (!going.back) window.scrollTo(0, 0);
    going.back = false;
    main.current?.focus({ preventScroll: true });
  }, [path]);

  return (
    <>
      <button type="button" className="skip" onClick={() => main.current?.focus()}>
        Skip to content
      </button>
      <Header status={status.data} />
      <main id="main" ref={main} tabIndex={-1}>
        {/* Times everywhere are drawn anew in another zone. */}
        <Switch key={path === '/settings' ? 'settings' : zone}>
          <Route path="/">
            <OverviewPage status={status.data} />
          </Route>
          <Route path="/refusals">
            <RefusalsPage status={status.data} />
          </Route>
          <Route path="/refusals/:id">{({ id }) => <RefusalPage key={id} id={id} />}</Route>
          <Route path="/problems">
            <ProblemsPage status={status.data} />
          </Route>
          <Route path="/problems/:id">{({ id }) => <ProblemPage key={id} id={id} />}</Route>
          <Route path="/settings">
            <SettingsPage status={status.data} />
          </Route>
          <Route path="/alerts">
            <AlertsPage />
          </Route>
          <Route path="/sources">
            <SourcesPage status={status.data} />
          </Route>
          <Route>
            <NotFoundPage />
          </Route>
        </Switch>
      </main>
      {status.data && (
        <footer className="foot">
          why403 {status.data.version} · counts status {status.data.refusedStatus.join(', ')}
        </footer>
      )}
    </>
  );
}
