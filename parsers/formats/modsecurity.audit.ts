/**
 * ModSecurity audit log, native serial format of v2 (`--a1b2c3d4-A--`), v3 (`---aB3dE6gH---A--`) and Coraza. One record is
 * one transaction over many lines, from part A to part Z of the same boundary; bodies may contain anything.
 */
import { type Entry, emptyEntry, type Failure } from '../entry.ts';
import { addAttribute, addId, isBlank, known, numberOf, setRequestLine } from '../fields.ts';
import type { Format } from '../parser.ts';
import { setRequestHeader, setStart } from '../record.ts';
import { read, readClf, readSlashed } from '../time.ts';
import { parseWafLine, type WafLine } from '../waf.ts';

/** `--a1b2c3d4-A--`: the boundary with its dashes, or null. */
function boundaryOf(line: string, part: string): string | null {
  if (line.charCodeAt(0) !== 45 || line.charCodeAt(1) !== 45 || line.length > 40) return null;
  const match = /^(-{2,3}[0-9A-Za-z]{8,12}-{1,3})([A-Z])--$/.exec(line);
  return match !== null && match[2] === part ? match[1]! : null;
}

const starts = (line: string) => boundaryOf(line, 'A') !== null;

function ends(line: string, firstLine: string): boolean {
  return line.length === firstLine.length && line.endsWith('Z--') && line.slice(0, -3) === firstLine.slice(0, -3);
}

/** Part letter → lines. A part goes on to the next line with the same boundary. */
function partsOf(record: string): Map<string, string[]> | null {
  const lines = record.split('\n');
  const boundary = boundaryOf(lines[0] ?? '', 'A');
  if (boundary === null) return null;
  const parts = new Map<string, string[]>();
  let current: string[] = [];
  for (const line of lines) {
    if (line.startsWith(boundary) && line.length === boundary.length + 3 && line.endsWith('--')) {
      current = [];
      parts.set(line.charAt(boundary.length), current);
    } else current.push(line);
  }
  return parts;
}

function parse(record: string): Entry | Failure {
  if (isBlank(record)) return { failure: 'empty' };
  const parts = partsOf(record);
  if (parts === null) return { failure: 'format' };
  const head = parts.get('A')?.[0];
  if (head === undefined) return { failure: 'torn', field: 'A' };
  const entry = emptyEntry('modsecurity.audit', 'audit', 'decision');
  if (!setHead(entry, head)) return { failure: 'time', field: 'A' };
  if (!parts.has('H') && !parts.has('Z')) return { failure: 'torn', field: 'H' };
  setRequest(entry, parts.get('B') ?? []);
  setResponse(entry, parts.get('F') ?? []);
  setTrailer(entry, parts.get('H') ?? []);
  return entry;
}

/** `[time] UNIQUE_ID client port server port`. */
function setHead(entry: Entry, line: string): boolean {
  let timeMs = readClf(line, 1);
  if (Number.isNaN(timeMs)) timeMs = readSlashed(line, 1);
  if (line.charCodeAt(0) !== 91 || Number.isNaN(timeMs)) return false;
  entry.timeMs = timeMs;
  entry.timeZoneless = read.zoneless;
  const close = line.indexOf('] ');
  if (close < 0) return true;
  const [id = '', client = '', clientPort = '', server = '', serverPort = ''] = line.slice(close + 2).split(' ');
  addId(entry, id);
  entry.clientAddress = known(client);
  entry.clientPort = numberOf(clientPort) || null;
  entry.serverAddress = known(server);
  entry.serverPort = numberOf(serverPort) || null;
  return true;
}

function setRequest(entry: Entry, lines: string[]): void {
  const [requestLine] = lines;
  if (requestLine === undefined || requestLine === '') return;
  setRequestLine(entry, requestLine);
  for (let i = 1; i < lines.length; i++) {
    const line = lines[i]!;
    const colon = line.indexOf(':');
    if (colon <= 0) continue;
    setRequestHeader(entry, line.slice(0, colon), line.slice(colon + 1).trim());
  }
}

function setResponse(entry: Entry, lines: string[]): void {
  const first = lines[0] ?? '';
  const status = /^HTTP\/[\d.]+ (\d{3})/.exec(first);
  if (status !== null) entry.httpResponseStatusCode = Number(status[1]);
  for (let i = 1; i < lines.length; i++) {
    const line = lines[i]!;
    const colon = line.indexOf(':');
    if (colon <= 0) continue;
    const name = line.slice(0, colon).toLowerCase();
    const value = line.slice(colon + 1).trim();
    if (name === 'content-length') entry.httpResponseBodySize = numberOf(value);
    else if (name === 'server' || name === 'location' || name === 'content-type')
      addAttribute(entry, `response.header.${name}`, value);
  }
}

function setTrailer(entry: Entry, lines: string[]): void {
  const found: WafLine[] = [];
  let apacheErrors = 0;
  let version3 = false;
  let engine = '';
  for (const line of lines) {
    // Coraza puts the client in front, whose address may hold colons.
    const from = line.startsWith('[client "') ? line.indexOf('] ') + 2 : 0;
    const colon = line.indexOf(':', from);
    if (colon <= 0) continue;
    const key = line.slice(from, colon);
    const value = line.slice(colon + 1).trim();
    switch (key) {
      case 'Message': {
        const waf = parseWafLine(value);
        if (waf !== null) found.push(waf);
        else addAttribute(entry, 'waf.message', value);
        break;
      }
      case 'ModSecurity':
      case 'Coraza': {
        version3 = true;
        const waf = parseWafLine(value);
        if (waf !== null) found.push(waf);
        break;
      }
      case 'Apache-Error': {
        // The same rule again, as Apache logged it, is already in Message.
        if (!value.includes('ModSecurity:')) {
          addAttribute(entry, `apache-error.${apacheErrors}`, value);
          apacheErrors++;
          const code = /\b(AH\d{5}): /.exec(value);
          if (code !== null && entry.eventCode === null) entry.eventCode = code[1]!;
        }
        break;
      }
      case 'Action': {
        entry.wafIntercepted = value.startsWith('Intercepted');
        const phase = /phase (\d)/.exec(value);
        if (phase !== null) addAttribute(entry, 'waf.phase', phase[1]!);
        break;
      }
      case 'Stopwatch': {
        const [startUs, durationUs] = value.split(' ').map(Number);
        // Part A is stamped when the record is written; the request began here.
        if (startUs !== undefined) setStart(entry, startUs);
        if (durationUs !== undefined && durationUs >= 0) entry.durationMs = durationUs / 1000;
        break;
      }
      case 'Engine-Mode':
        engine = value;
        entry.wafMode = value.includes('DETECTION') ? 'detection_only' : 'enabled';
        break;
      case 'Apache-Handler':
      case 'Producer':
      case 'Server':
      case 'WebApp-Info':
      case 'Response-Body-Transformed':
        addAttribute(entry, key.toLowerCase(), value);
        break;
    }
  }
  if (version3) entry.timePoint = 'start';
  if (found.length > 0) {
    entry.rules = found.map((waf) => waf.rule);
    const denied = found.find((waf) => waf.rule.denied);
    if (denied !== undefined && denied.phase !== '' && entry.attributes?.['waf.phase'] === undefined)
      addAttribute(entry, 'waf.phase', denied.phase);
  }
  if (entry.wafIntercepted === null) {
    if (found.some((waf) => waf.rule.denied)) entry.wafIntercepted = true;
    // v2 writes Engine-Mode and, when it intercepted, Action: without Action it let the request through.
    else if (engine !== '') entry.wafIntercepted = false;
  }
}

export const format: Format = {
  dataset: 'modsecurity.audit',
  title: 'ModSecurity and Coraza audit log (native)',
  usualLayer: 'waf',
  starts,
  ends,
  parse,
};
