/**
 * Format strings as people and configurations give them: which product's each is, whether it can be compiled, and
 * several of one log (HAProxy's frontends write to one file) as one Format that tries them in turn.
 */
import { isFailure } from './entry.ts';
import { emptyContext } from './envelope.ts';
import { FORMATS } from './formats.ts';
import { inTurn, splitPatterns } from './joined.ts';
import type { Format } from './parser.ts';

export { joinPatterns, splitPatterns } from './joined.ts';

/** The format of lines of this pattern, or of any of these patterns; undefined = the dataset has no format strings. */
export function compilePatterns(format: Format, pattern: string): Format | undefined {
  const { compile } = format;
  if (compile === undefined) return undefined;
  return inTurn(
    splitPatterns(pattern).map((one) => compile(one)),
    pattern,
  );
}

/** Whose format string this is, null = nobody's that is known. */
export function datasetOfPattern(pattern: string): string | null {
  if (/^\s*log_format\s/.test(pattern)) return 'nginx.access';
  if (/^\s*(?:LogFormat|CustomLog|GlobalLog)\s/i.test(pattern)) return 'apache.access';
  if (/^\s*ErrorLogFormat\s/i.test(pattern)) return 'apache.error';
  if (/^\s*log-format/.test(pattern)) return 'haproxy.http';
  if (
    /%(?:REQ|RESP|START_TIME|RESPONSE_CODE|RESPONSE_FLAGS|UPSTREAM_HOST|DOWNSTREAM_REMOTE_ADDRESS)[%(_]/.test(pattern)
  )
    return 'envoy.access';
  if (/(?:^|\s)(?:cs-method|cs-uri-stem|sc-status)(?:\s|$)/.test(pattern)) return 'iis.w3c';
  if (/\$\{?[a-z]\w+/.test(pattern)) return 'nginx.access';
  if (/\{(?:request>\w|common_log\})/.test(pattern)) return 'caddy.access';
  if (
    /%(?:\{[+-]\w+(?:,[+-]\w+)*\})?(?:\([^)]*\))?(?:\[|(?:ci|cp|ft|tsc?|ST|tr[gl]?|HM|HU|HP|Ta|TR|Tc)(?![a-z]))/.test(
      pattern,
    )
  )
    return 'haproxy.http';
  return /%(?:[<>!\d,]*)(?:\{[^}]*\})?[<>]?[a-zA-Z]/.test(pattern) ? 'apache.access' : null;
}

/** What is wrong with a format string, in words; null = it can be used. */
export function problemOfPattern(dataset: string, pattern: string): string | null {
  const format = FORMATS.get(dataset);
  if (format === undefined) return `there is no dataset ${dataset}`;
  if (format.compile === undefined) return `lines of ${dataset} are not laid out by a format string`;
  for (const one of splitPatterns(pattern)) {
    if (one.trim() === '') return 'the format string is empty';
    const compiled = format.compile(one);
    // A string without a single value reads exactly itself.
    const self = compiled.parse(one, emptyContext());
    const named = datasetOfPattern(one);
    if (
      named === null ||
      (!isFailure(self) && self.httpResponseStatusCode === null && Number.isNaN(self.timeMs) && !/[$%{]/.test(one))
    )
      return `"${one.slice(0, 60)}" names no value of a log line`;
  }
  return null;
}
