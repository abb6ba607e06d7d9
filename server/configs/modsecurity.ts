/** ModSecurity's own directives, wherever they stand: in Apache's configuration, or in the rule files of nginx' module. */
import { join } from 'node:path';
import type { ServerConfig } from './configured.ts';

interface At {
  file: string;
  line: number;
}

/** Notes the `Sec…` directives of a configuration; `finish` says what they come to. */
export class ModSecurity {
  readonly #said = new Map<string, At & { value: string }>();

  directive(name: string, value: string, at: At): void {
    this.#said.set(name.toLowerCase(), { ...at, value });
  }

  finish(config: ServerConfig, resolve: (path: string) => string): void {
    const get = (name: string) => this.#said.get(name.toLowerCase());
    const engine = get('SecAuditEngine');
    const log = get('SecAuditLog');
    const rules = get('SecRuleEngine');
    if (rules !== undefined && /^detectiononly$/i.test(rules.value))
      config.advice.push({
        file: rules.file,
        line: rules.line,
        text: 'SecRuleEngine DetectionOnly: ModSecurity logs what it would refuse and refuses nothing',
      });
    if (log === undefined) return;
    if (engine === undefined || /^off$/i.test(engine.value)) {
      config.advice.push({
        ...(engine ?? log),
        text: 'SecAuditEngine is off: nothing comes into the audit log; `SecAuditEngine RelevantOnly` logs what was refused',
      });
    }
    const relevant = get('SecAuditLogRelevantStatus');
    if (
      relevant !== undefined &&
      engine !== undefined &&
      /^relevantonly$/i.test(engine.value) &&
      !matches(relevant.value, '403')
    )
      config.advice.push({
        file: relevant.file,
        line: relevant.line,
        text: `SecAuditLogRelevantStatus ${relevant.value} leaves out 403: such transactions are audited only where a rule says auditlog`,
      });
    const json = /^json/i.test(get('SecAuditLogFormat')?.value ?? '');
    const concurrent = /^concurrent$/i.test(get('SecAuditLogType')?.value ?? '');
    if (log.value.startsWith('|') || /^https?:/i.test(log.value)) {
      config.logs.push({
        kind: 'audit',
        target: log.value,
        path: null,
        formatName: null,
        pattern: null,
        builtIn: true,
        dataset: 'modsecurity.audit',
        file: log.file,
        line: log.line,
        notes: ['goes to a program or a collector, not to a file'],
      });
      return;
    }
    config.logs.push({
      kind: 'audit',
      target: log.value,
      path: resolve(log.value),
      formatName: concurrent ? 'Concurrent, index' : json ? 'JSON' : 'Native',
      pattern: null,
      builtIn: true,
      dataset: concurrent ? 'modsecurity.index' : json ? 'modsecurity.json' : 'modsecurity.audit',
      file: log.file,
      line: log.line,
      notes: [],
    });
    const storage = get('SecAuditLogStorageDir') ?? get('SecAuditLogDir');
    if (concurrent && storage !== undefined) {
      config.logs.push({
        kind: 'audit',
        target: storage.value,
        path: join(resolve(storage.value), '**'),
        formatName: json ? 'Concurrent, JSON' : 'Concurrent, Native',
        pattern: null,
        builtIn: true,
        dataset: json ? 'modsecurity.json' : 'modsecurity.audit',
        file: storage.file,
        line: storage.line,
        notes: [
          'a file for every transaction: only its index is followed; with `SecAuditLogType Serial` the rules that matched are read too, or give this directory as a PATH while it has few files',
        ],
        listedOnly: true,
      });
    }
  }
}

/** A regular expression of PCRE, mostly one of ours as well. */
function matches(pattern: string, text: string): boolean {
  try {
    return new RegExp(pattern).test(text);
  } catch {
    return true;
  }
}
