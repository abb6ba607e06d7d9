/**
 * HOT. Tomcat's access log valve: `common`, `combined`, and patterns with more behind them. Time is the end of the
 * request, which sets it apart from Apache's, whose letters it uses.
 */
import { parseClf } from '../clf.ts';
import type { Format } from '../parser.ts';
import { compileApache } from '../pattern.apache.ts';

export const format: Format = {
  dataset: 'tomcat.access',
  title: 'Tomcat access log',
  usualLayer: 'app',
  family: 'clf',
  claim({ lines, fileName }) {
    if (/tomcat|localhost_access_log|catalina/.test(fileName)) return 0.93;
    // Headers by name in front of quoted values, as only patterns written for the valve have them.
    const named = lines.filter((line) => line.includes(' X-Forwarded-For="')).length;
    return named > lines.length * 0.5 ? 0.66 : 0;
  },
  compile: (pattern) =>
    compileApache(
      pattern === 'common' ? COMMON : pattern === 'combined' ? `${COMMON} "%{Referer}i" "%{User-Agent}i"` : pattern,
      'tomcat.access',
      'end',
    ),
  parse: (record) => parseClf(record, 'tomcat.access', 'end', false),
};

const COMMON = '%h %l %u %t "%r" %s %b';
