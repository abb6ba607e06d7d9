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
      const value = textOf((config as unknown as Record<string, unknown>)[key]);
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
