/** How the page looks, and what the service runs with: every setting, where it can be changed, without secrets. */
import { useMantineColorScheme } from '@mantine/core';
import { useState } from 'react';
import type { Settings, Status } from '../../server/api/contract.ts';
import { Copy } from '../components/copy.tsx';
import { Segments } from '../components/segments.tsx';
import { Failed, Old, Waiting } from '../components/states.tsx';
import { LogText, Moment } from '../components/text.tsx';
import { useNow, useTitle, useZone } from '../data/hooks.ts';
import { useSettings } from '../data/questions.ts';
import { chooseZone, fullMoment, localZone, utc, zoneName } from '../data/time.ts';

type Setting = Settings['settings'][number];

function Display() {
  const { colorScheme, setColorScheme } = useMantineColorScheme();
  const zone = useZone();
  const now = new Date(useNow()).toISOString();
  const zones = typeof Intl.supportedValuesOf === 'function' ? Intl.supportedValuesOf('timeZone') : [];
  return (
    <section className="card" aria-label="Display">
      <h2 className="card-title">Display</h2>
      <div className="setting-line">
        <span className="setting-name">Theme</span>
        <Segments
          name="Theme"
          value={colorScheme}
          onChange={(v) => setColorScheme(v as typeof colorScheme)}
          choices={[
            { key: 'auto', title: 'As the system' },
            { key: 'light', title: 'Light' },
            { key: 'dark', title: 'Dark' },
          ]}
        />
      </div>
      <div className="setting-line">
        <label className="setting-name" htmlFor="zone">
          Times in
        </label>
        <select id="zone" className="field" value={zone} onChange={(e) => chooseZone(e.target.value)}>
          <option value="local">Your zone ({localZone})</option>
          <option value="UTC">UTC</option>
          {zones
            .filter((z) => z !== 'UTC')
            .map((z) => (
              <option key={z} value={z}>
                {z}
              </option>
            ))}
        </select>
        <span className="muted num" title={utc(now)}>
          now {fullMoment(now).slice(0, -7)} {zoneName()}
        </span>
      </div>
      <p className="muted setting-note">Kept in this browser. UTC is always shown when you point at a time.</p>
    </section>
  );
}

function Value({ s }: { s: Setting }) {
  if (s.value === null) return <span className="muted">not set</span>;
  if (s.isSecret) return <span className="badge">set, kept secret</span>;
  return <LogText text={s.value} mono />;
}

/** How long things are kept is what people look for first. */
const isRetention = (s: Setting) => /retention|keep|max[_-]?(age|size|disk)|disk/i.test(s.key);

function List({ title, settings, id }: { title: string; settings: Setting[]; id: string }) {
  if (settings.length === 0) return null;
  return (
    <section className="card card-flush" aria-labelledby={id}>
      <h2 className="card-title card-title-in" id={id}>
        {title}
      </h2>
      <table className="table stack settings">
        <thead>
          <tr>
            <th scope="col">Setting</th>
            <th scope="col">Value</th>
            <th scope="col">Change it with</th>
          </tr>
        </thead>
        <tbody>
          {settings.map((s) => (
            <tr key={s.key}>
              <th scope="row">
                <code className="setting-key">{s.key}</code>
                <span className="muted setting-says">{s.says}</span>
              </th>
              <td data-name="Value">
                <Value s={s} />
              </td>
              <td data-name="Change it with">
                <span className="setting-how">
                  <code>{s.flag}</code>
                  <code>{s.environment}</code>
                </span>
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}

export function SettingsPage({ status }: { status: Status | undefined }) {
  useTitle('Settings');
  const query = useSettings();
  const now = useNow();
  const [text, setText] = useState('');
  const wanted = text.trim().toLowerCase();
  const all = (query.data?.settings ?? []).filter((s) =>
    `${s.key} ${s.flag} ${s.environment} ${s.says}`.toLowerCase().includes(wanted),
  );
  const asText = [
    `why403 ${query.data?.version ?? ''}`,
    ...(query.data?.settings ?? [])
      .filter((s) => s.value !== null)
      .map((s) => `${s.key}: ${s.isSecret ? '(set)' : s.value}`),
  ].join('\n');
  return (
    <div className="page">
      <div className="page-head">
        <h1>Settings</h1>
        {status && (
          <p className="muted">
            why403 {status.version}, running since <Moment iso={status.startedAt} now={now} />
          </p>
        )}
      </div>
      <Old query={query} />
      <Display />
      {!query.data ? (
        query.error ? (
          <Failed error={query.error} again={() => void query.refetch()} />
        ) : (
          <Waiting heights={[160, 400]} />
        )
      ) : (
        <>
          <div className="filter-bar">
            <input
              className="field"
              type="search"
              aria-label="Find a setting"
              placeholder="Find a setting"
              value={text}
              onChange={(e) => setText(e.target.value)}
            />
            <Copy text={asText} label="Copy what is set" what="the settings in force" />
          </div>
          <List title="How long things are kept" id="kept" settings={all.filter(isRetention)} />
          <List title="In force" id="in-force" settings={all.filter((s) => !isRetention(s))} />
          {all.length === 0 && <p className="muted">No setting is called that.</p>}
          <p className="muted setting-note">
            Set in the file given with <code>--config</code>, in the environment, or by a flag; a flag wins. They hold
            until why403 is started again.
          </p>
        </>
      )}
    </div>
  );
}
