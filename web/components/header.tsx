/** The frame's top: name, search, where to go, live or paused, theme. */
import { Menu, useMantineColorScheme } from '@mantine/core';
import { Link, useRoute } from 'wouter';
import type { Status } from '../../server/api/contract.ts';
import { toggleLive, useLive } from '../data/live.ts';
import { AutoIcon, CheckIcon, GearIcon, MoonIcon, PauseIcon, PlayIcon, SunIcon } from './icons.tsx';
import { SearchBox } from './search-box.tsx';

function Tab({
  to,
  pattern,
  children,
  badge,
  bad,
}: {
  to: string;
  pattern: string;
  children: string;
  badge?: number;
  bad?: string;
}) {
  const [here] = useRoute(pattern);
  return (
    <Link href={to} className="tab" aria-current={here ? 'page' : undefined}>
      {children}
      {badge ? (
        <span className="tab-badge">
          {badge}
          <span className="sr-only"> {bad}</span>
        </span>
      ) : null}
    </Link>
  );
}

const LIVE = {
  connecting: { label: 'Connecting', hint: 'Connecting to live updates' },
  live: { label: 'Live', hint: 'Numbers follow the logs. Press to pause.' },
  paused: { label: 'Paused', hint: 'Numbers stand still. Press to go on.' },
  lost: { label: 'Offline', hint: 'No connection to why403; trying again.' },
} as const;

function Live() {
  const state = useLive();
  return (
    <button
      type="button"
      className={`live live-${state}`}
      onClick={toggleLive}
      title={LIVE[state].hint}
      aria-pressed={state === 'paused'}
      aria-label={`Live updates: ${LIVE[state].label}. ${state === 'paused' ? 'Resume' : 'Pause'}`}
    >
      <span className="live-dot" aria-hidden="true" />
      <span className="live-label">{LIVE[state].label}</span>
      {state === 'paused' ? <PlayIcon size={12} /> : <PauseIcon size={12} />}
    </button>
  );
}

const THEMES = {
  auto: { title: 'As the system', Icon: AutoIcon },
  light: { title: 'Light', Icon: SunIcon },
  dark: { title: 'Dark', Icon: MoonIcon },
} as const;

function Theme() {
  const { colorScheme, setColorScheme } = useMantineColorScheme();
  const { Icon } = THEMES[colorScheme];
  return (
    <Menu position="bottom-end" withinPortal shadow="md">
      <Menu.Target>
        <button type="button" className="icon-button" aria-label={`Theme: ${THEMES[colorScheme].title}`} title="Theme">
          <Icon />
        </button>
      </Menu.Target>
      <Menu.Dropdown>
        {(Object.keys(THEMES) as (keyof typeof THEMES)[]).map((t) => {
          const Own = THEMES[t].Icon;
          return (
            <Menu.Item
              key={t}
              leftSection={<Own size={14} />}
              rightSection={t === colorScheme ? <CheckIcon size={14} /> : null}
              onClick={() => setColorScheme(t)}
            >
              {THEMES[t].title}
            </Menu.Item>
          );
        })}
      </Menu.Dropdown>
    </Menu>
  );
}

function Gear() {
  const [here] = useRoute('/settings');
  return (
    <Link
      href="/settings"
      className="icon-button"
      aria-label="Settings"
      title="Settings"
      aria-current={here ? 'page' : undefined}
    >
      <GearIcon />
    </Link>
  );
}

export function Header({ status }: { status: Status | undefined }) {
  return (
    <header className="top">
      <div className="top-in">
        <Link href="/" className="wordmark" aria-label="why403, overview">
          why<b>403</b>
        </Link>
        <nav aria-label="Pages" className="tabs">
          <Tab to="/" pattern="/">
            Overview
          </Tab>
          <Tab to="/problems" pattern="/problems/*?">
            Problems
          </Tab>
          <Tab to="/refusals" pattern="/refusals/*?">
            Refusals
          </Tab>
          <Tab to="/alerts" pattern="/alerts" badge={status?.alertsFiring} bad="firing">
            Alerts
          </Tab>
          <Tab to="/sources" pattern="/sources" badge={status?.sources.troubled} bad="troubled">
            Sources
          </Tab>
        </nav>
        <SearchBox />
        <div className="top-end">
          <Live />
          <Theme />
          <Gear />
        </div>
      </div>
    </header>
  );
}
