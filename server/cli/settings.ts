/** The settings in force as the page shows them: one row per option, secrets only as being set. */
import { type Config, envName, OPTIONS, type OptionKey, yamlName } from '../config.ts';

const SECRETS: readonly OptionKey[] = ['token', 'webhookSecret'];
/** What only one-off commands take. */
const SERVED = ['serve', 'demo'];

export interface SettingRow {
  key: string;
  flag: string;
  environment: string;
  says: string;
  value: string | null;
  isSecret: boolean;
}

export function settingRows(config: Config): SettingRow[] {
  return (Object.keys(OPTIONS) as OptionKey[])
    .filter((key) => OPTIONS[key].for.some((c) => SERVED.includes(c)))
    .map((key) => {
      const isSecret = SECRETS.includes(key);
      const value = written(key, (config as unknown as Record<string, unknown>)[key]);
      return {
        key: yamlName(key),
        flag: `--${OPTIONS[key].flag}`,
        environment: envName(key),
        says: OPTIONS[key].help,
        value: value === null ? null : isSecret ? '(set)' : withoutCredentials(value),
        isSecret,
      };
    });
}

/** As one would write it: durations end in Ms, sizes are those that take one. 604800000 → "7d", 2147483648 → "2GB" */
function written(key: OptionKey, value: unknown): string | null {
  if (typeof value !== 'number') return textOf(value);
  if (key.endsWith('Ms')) return inUnits(value, DURATIONS);
  if (OPTIONS[key].value === 'SIZE') return inUnits(value, SIZES);
  return key === 'alertRate' ? `${Number((value * 100).toPrecision(6))}%` : String(value);
}

const DURATIONS: [number, string][] = [
  [86_400_000, 'd'],
  [3_600_000, 'h'],
  [60_000, 'm'],
  [1000, 's'],
  [1, 'ms'],
];
const SIZES: [number, string][] = [
  [1024 ** 4, 'TB'],
  [1024 ** 3, 'GB'],
  [1024 ** 2, 'MB'],
  [1024, 'KB'],
];

/** The largest unit of which it is a whole number. */
function inUnits(value: number, units: [number, string][]): string {
  const [unit, name] = units.find(([u]) => value >= u && value % u === 0) ?? [1, ''];
  return `${value / unit}${name}`;
}

function textOf(value: unknown): string | null {
  if (value === null || value === undefined) return null;
  if (Array.isArray(value)) return value.length === 0 ? null : value.map((v) => textOf(v) ?? '').join(', ');
  if (typeof value !== 'object') return String(value);
  return Object.values(value)
    .map(textOf)
    .filter((v) => v !== null)
    .join('=');
}

/** An address may carry a user, a password or a key. */
function withoutCredentials(text: string): string {
  if (!URL.canParse(text)) return text;
  const url = new URL(text);
  if (!url.protocol.startsWith('http')) return text;
  const isBare = url.username === '' && url.password === '' && url.search === '' && url.pathname === '/';
  return isBare ? text : `${url.protocol}//${url.host}/…`;
}
