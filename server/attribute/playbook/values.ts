/**
 * Facts as templates use them: each value is written for its target, or as `<placeholder>` when the fact is absent
 * or cannot be written there safely. A template never writes a raw fact.
 */
import ipaddr from 'ipaddr.js';
import { type Escaper, secTarget, shell, usable, word } from './quote.ts';

export interface PlaybookFacts {
  /** "nginx.error" */
  dataset: string | null;
  /** "nginx" */
  product: string | null;
  /** WAF rule, zone, jail, consumer group: "942100" */
  ruleId: string | null;
  host: string | null;
  path: string | null;
  /** WAF target or parameter name: "ARGS:q" */
  parameter: string | null;
  clientAddress: string | null;
  filePath: string | null;
  userAgent: string | null;
  method: string | null;
  user: string | null;
}

/** The placeholder goes through the same escaper, so that `<` redirects nothing in a shell and matches nothing in a rule. */
const write = (value: string | null, placeholder: string, quote: Escaper): string =>
  (value === null ? null : quote(value)) ?? quote(placeholder) ?? placeholder;

const quotedIfOpen = (text: string): string => (text.startsWith('<') ? `'${text}'` : text);

export class Values {
  /** Canonical, so it needs no quotes in any target. "203.0.113.7" */
  readonly address: string;
  /** "203.0.113.7/32", for lists that want a range */
  readonly range: string;
  /** Host name without port: letters, digits, dots and dashes only. "shop.example.com" */
  readonly host: string;
  readonly method: string;
  readonly rule: string;
  /** The rule where only a number is one. "942100" */
  readonly ruleNumber: string;
  readonly hasParameter: boolean;
  readonly facts: PlaybookFacts;

  constructor(facts: PlaybookFacts) {
    this.facts = facts;
    const address = addressOf(facts.clientAddress);
    this.address = address ?? '<address>';
    this.range = address === null ? '<address>/32' : `${address}/${address.includes(':') ? 128 : 32}`;
    this.host = hostOf(facts.host) ?? '<host>';
    this.method = facts.method !== null && /^[A-Z]{1,20}$/.test(facts.method) ? facts.method : '<method>';
    this.rule = (facts.ruleId === null ? null : word(facts.ruleId)) ?? '<rule>';
    this.ruleNumber = /^\d{1,9}$/.test(this.rule) ? this.rule : '<rule>';
    this.hasParameter = facts.parameter !== null && facts.parameter !== '';
  }

  /** For sentences: "the address 203.0.113.7", or no address at all. */
  get who(): string {
    return this.address === '<address>' ? "the client's address" : `the address ${this.address}`;
  }
  get whichRule(): string {
    return this.rule === '<rule>' ? 'the rule' : `rule ${this.rule}`;
  }
  /** The path as servers match it, after decoding: nginx, Apache, Caddy, lighttpd, frameworks. */
  path(quote: Escaper): string {
    return write(decoded(rawPath(this.facts.path)), '/<path>', quote);
  }
  /** The path as it was sent: HAProxy, Varnish, WAFs in the cloud. */
  pathSent(quote: Escaper): string {
    return write(rawPath(this.facts.path), '/<path>', quote);
  }
  file(quote: Escaper): string {
    return write(fileOf(this.facts.filePath), '/<file>', quote);
  }
  /** Directory of the file. */
  directory(quote: Escaper): string {
    const file = fileOf(this.facts.filePath);
    const at = file === null ? -1 : file.replace(/\/+$/, '').lastIndexOf('/');
    return write(file === null || at < 0 ? null : file.slice(0, at) || '/', '/<directory>', quote);
  }
  agent(quote: Escaper): string {
    return write(this.facts.userAgent, '<user agent>', quote);
  }
  user(quote: Escaper): string {
    return write(this.facts.user, '<user>', quote);
  }
  /** "ARGS:q" from "ARGS:q" or "q". */
  target(): string {
    const p = this.facts.parameter;
    if (p === null) return 'ARGS:<parameter>';
    return secTarget(p) ?? secTarget(`ARGS:${p}`) ?? 'ARGS:<parameter>';
  }
  /** "q" of "ARGS:q". */
  parameter(quote: Escaper): string {
    const p = this.facts.parameter;
    return write(p === null ? null : p.slice(p.indexOf(':') + 1), '<parameter>', quote);
  }
  /** "https://shop.example.com" */
  get origin(): string {
    return `https://${this.host}`;
  }
  /** Address of the request as one shell word. The query is left out: it may carry secrets. */
  get url(): string {
    return write(`${this.origin}${rawPath(this.facts.path) ?? '/<path>'}`, `${this.origin}/<path>`, shell);
  }
  /** A request that reads only; methods that change something are for the reader to decide. */
  get curl(): string {
    return `curl -gsS -o /dev/null -D - ${this.url}`;
  }
  /** Placeholders are quoted in a shell: `<` would redirect. */
  get shellAddress(): string {
    return quotedIfOpen(this.address);
  }
  get shellHost(): string {
    return quotedIfOpen(this.host);
  }
  /** "shop.example.com:443" */
  get shellHostPort(): string {
    return quotedIfOpen(`${this.host}:443`);
  }
  get shellRuleNumber(): string {
    return quotedIfOpen(this.ruleNumber);
  }
  /** The rule under the name it has in this product. "sshd" for a jail */
  ruleOr(placeholder: string): string {
    return this.rule === '<rule>' ? placeholder : this.rule;
  }
  shellRule(placeholder: string): string {
    return quotedIfOpen(this.ruleOr(placeholder));
  }
}

function addressOf(value: string | null): string | null {
  if (value === null || value.length > 45 || !/^[0-9a-fA-F:.]+$/.test(value) || !ipaddr.isValid(value)) return null;
  // "127.1" and "017.0.0.1" are read differently by different tools.
  if (!value.includes(':') && !ipaddr.IPv4.isValidFourPartDecimal(value)) return null;
  return ipaddr.parse(value).toString();
}

function hostOf(value: string | null): string | null {
  if (value === null || value.length > 253) return null;
  const name = value.replace(/:\d{1,5}$/, '');
  return /^[a-zA-Z0-9]([a-zA-Z0-9.-]*[a-zA-Z0-9])?$/.test(name) ? name.toLowerCase() : null;
}

function rawPath(value: string | null): string | null {
  const path = usable(value === null ? null : value.split('?', 1)[0]!);
  return path?.startsWith('/') ? path : null;
}

function decoded(path: string | null): string | null {
  if (path === null || !path.includes('%')) return path;
  try {
    return decodeURIComponent(path);
  } catch {
    return null;
  }
}

function fileOf(value: string | null): string | null {
  const file = usable(value);
  return file !== null && /^(?:\/|[A-Za-z]:[\\/])/.test(file) ? file : null;
}
