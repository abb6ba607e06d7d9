/**
 * Escapers: a value from a hostile log into the syntax of one target. Each returns text that stays inside its own
 * token in that target, or null when the target has no safe way to write the value. Nothing here knows causes.
 */

/** Longer values make a snippet unreadable, and no rule should be written for them. */
export const VALUE_CHARS_MAX = 300;

export type Escaper = (value: string) => string | null;

/** Control characters end a line or a token; invisible and bidirectional ones make a snippet look like another. */
const UNSEEN = /[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Zl}\p{Zp}]/u;

/** The value itself when it may be shown at all. "/orders" */
export function usable(value: string | null): string | null {
  if (value === null || value === '' || value.length > VALUE_CHARS_MAX) return null;
  return UNSEEN.test(value) ? null : value;
}

const when = (value: string, unsafe: RegExp, write: (v: string) => string): string | null => {
  const v = usable(value);
  return v === null || unsafe.test(v) ? null : write(v);
};
const NEVER = /(?!)/;
const PLAIN = /^[\w./:@-]+$/;
const backslash = (v: string, which: RegExp): string => v.replace(which, '\\$&');

/** POSIX shell word. A leading dash would be read as an option. */
export const shell: Escaper = (value) =>
  when(value, /^-/, (v) => (/^[\w./:@%+,-]+$/.test(v) ? v : `'${v.replaceAll("'", "'\\''")}'`));

/** nginx parameter. `$` starts a variable and cannot be escaped. */
export const nginx: Escaper = (value) => when(value, /\$/, (v) => (PLAIN.test(v) ? v : `"${backslash(v, /["\\]/g)}"`));

/** Key of an nginx map, where a tilde starts an expression and some words have a meaning of their own. */
export const nginxMapKey: Escaper = (value) =>
  /^[~\\]|^(?:default|include|hostnames|volatile)$/.test(value) ? null : nginx(value);

/** Apache directive argument. `${NAME}` and `%{NAME}` are replaced even between quotes. */
export const apache: Escaper = (value) => when(value, /[$%]\{/, (v) => `"${backslash(v, /["\\]/g)}"`);

/** Argument of `<Location>`, where `*`, `?` and `[` would match more than the one path. */
export const apachePath: Escaper = (value) => (/[*?[\]]/.test(value) ? null : apache(value));

/** The value as a regular expression that matches only itself. Not quoted for any file format. */
export const regexLiteral: Escaper = (value) => when(value, NEVER, (v) => backslash(v, /[\\^$.|?*+()[\]{}]/g));

/** Pattern of RewriteCond and its like: the whole value, between quotes. */
export const apacheRegex: Escaper = (value) => {
  if (/[$%]\{/.test(value)) return null;
  const literal = regexLiteral(value);
  return literal === null ? null : `"^${backslash(literal, /["\\]/g)}$"`;
};

/**
 * Operator argument of a SecRule, without its quotes. ModSecurity 2, 3 and Coraza undo backslashes differently and
 * expand `%{…}`, so values that would need either are refused.
 */
export const secRule: Escaper = (value) => when(value, /["\\`]|[%$]\{|^\s|\s$/, (v) => v);

/** Name of a WAF target inside a quoted action list: "ARGS:q". */
export const secTarget: Escaper = (value) => when(value, /^(?!!?[A-Z_]{1,40}(?::[\w.\-[\]]{1,120})?$)/, (v) => v);

/** YAML double-quoted scalar. Templates (Helm, APISIX, Ansible) expand braces before YAML is read. */
export const yaml: Escaper = (value) => when(value, /\{\{|\$\{/, (v) => JSON.stringify(v));

/** JSON string; also a string literal of Python, JavaScript, Java and C#, which share these escapes. */
export const json: Escaper = (value) => when(value, NEVER, (v) => JSON.stringify(v));

/** String literal of a path for frameworks, which read these characters as patterns: Spring, Express, FastAPI. */
export const jsonPath: Escaper = (value) => when(value, /[*?:{}()[\]+|^$\\]/, (v) => JSON.stringify(v));

/** JSON string with an expression that matches the whole value; TOML and YAML read it alike. */
export const jsonRegex: Escaper = (value) => {
  const literal = regexLiteral(value);
  return literal === null || /\{\{|\$\{/.test(value) ? null : JSON.stringify(`^${literal}$`);
};

/** Single-quoted literal of PHP and Ruby: nothing is expanded in it. */
export const single: Escaper = (value) => when(value, NEVER, (v) => `'${backslash(v, /['\\]/g)}'`);

/** HAProxy word. Single quotes have no escape, double quotes expand variables. */
export const haproxy: Escaper = (value) => when(value, /'|^-/, (v) => (PLAIN.test(v) ? v : `'${v}'`));

/** VCL string: it has no escapes at all. */
export const vcl: Escaper = (value) => when(value, /"/, (v) => `"${v}"`);

/** Caddyfile token. A backslash escapes only the quote, braces are placeholders, `*` and `%` match more in paths. */
export const caddy: Escaper = (value) => when(value, /[\\{}*%"`]/, (v) => (PLAIN.test(v) ? v : `"${v}"`));

/** lighttpd string. */
export const lighttpd: Escaper = (value) => when(value, /["\\]/, (v) => `"${v}"`);

/** Bare words of several lists (rule ids, jails, zones): no quoting needed anywhere. "942100" */
export const word: Escaper = (value) => when(value, /^(?![\w.:/@-]{1,120}$)|^[-/]/, (v) => v);
