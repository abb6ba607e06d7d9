/**
 * The attack that a WAF's own words name: rule names, attack types and signal lists of products whose rules have no
 * numbers that could be looked up. Null where the words name no class.
 */
import type { Entry } from '../../../parsers/entry.ts';
import type { Cause } from '../../model/taxonomy.ts';
import type { Signal } from '../signal.ts';

/** The special before the general: "PHP injection" is no "injection", "Log4j" is Java and not a command. */
const WORDS: readonly (readonly [Cause, RegExp])[] = [
  ['waf.sqli', /\bsql(?:i\b|[ _-]?inj)|\bsqli[ _-]|[ _-]sqli?\b|\bnosqli?\b/i],
  ['waf.xss', /\bxss\b|cross[ _-]?site[ _-]?script/i],
  ['waf.java', /log4j|log4shell|jndi|java[ _-]?(?:deserial|inj|attack|code)|[ _-]java\b|spring4shell|ognl|struts/i],
  ['waf.nodejs', /node[ _.-]?js/i],
  ['waf.php', /\bphp\b|php[ _-]?inj/i],
  ['waf.rfi', /\brfi\b|remote[ _-]?file|ssrf|server[ _-]side request forgery/i],
  ['waf.traversal', /travers|\blfi\b|local[ _-]?file|directory[ _-]?climb|dot[ _-]?dot[ _-]?slash/i],
  [
    'waf.rce',
    /\brce\b|remote[ _-]?code|command|\bcmd|\bos[ _-]?inj|shellshock|shell[ _-]?inj|code[ _-]?inj|webshell|backdoor/i,
  ],
  ['waf.session', /session[ _-]?(?:fixation|hijack)/i],
  ['waf.leakage', /leak|data[ _-]?guard|disclosure of|credit card|dlp\b/i],
  ['waf.upload', /file[ _-]?upload|malicious (?:file|upload)|illegal file type/i],
  [
    'waf.scanner',
    /scan(?:ner|ning)?\b|predictable resource|attack[ _-]?tool|user[ _-]?agent[ _-]?anomaly|vulnerability/i,
  ],
  ['waf.bot', /\bbots?\b|badbots?|crawler|scrap(?:er|ing)|impostor|non-browser|automat/i],
  [
    'waf.protocol',
    /protocol|parser attack|http[ _-]?split|smuggl|malformed|evasion|invalid[ _-]?encod|null[ _-]?byte|bad[ _-]?(?:host|request)|desync/i,
  ],
];

export function attackOf(text: string): Cause | null {
  if (text === '') return null;
  for (const [cause, words] of WORDS) if (words.test(text)) return cause;
  return null;
}

const NAMES: Record<string, string> = {
  'waf.sqli': 'SQL injection',
  'waf.xss': 'cross-site scripting',
  'waf.java': 'an attack on Java',
  'waf.nodejs': 'an attack on Node.js',
  'waf.php': 'PHP injection',
  'waf.rfi': 'inclusion of a remote address',
  'waf.traversal': 'path traversal',
  'waf.rce': 'command execution',
  'waf.session': 'a taken-over session',
  'waf.leakage': 'leaking data in the answer',
  'waf.upload': 'a file that may not be uploaded',
  'waf.scanner': 'a scanner',
  'waf.bot': 'a bot',
  'waf.protocol': 'a breach of the protocol',
};

/**
 * One decision for every class that the words of a product can name. `words` gives what the product says of the rule
 * that refused; the same words are looked up once.
 */
export function attackSignals(
  common: Omit<Signal, 'id' | 'kind' | 'cause' | 'certainty' | 'confidence' | 'says'>,
  prefix: string,
  refused: (entry: Entry) => boolean,
  words: (entry: Entry) => string,
  confidence = 0.93,
): Signal[] {
  let last = '';
  let cause: Cause | null = null;
  const classOf = (text: string): Cause | null => {
    if (text !== last) {
      last = text;
      cause = attackOf(text);
    }
    return cause;
  };
  return WORDS.map(
    ([of]): Signal => ({
      ...common,
      id: `${prefix}-${of.slice(4)}`,
      when: (entry) => refused(entry) && classOf(words(entry)) === of,
      kind: 'decision',
      cause: of,
      alternatives: ['waf.custom'],
      certainty: 'stated',
      confidence,
      layer: 'waf',
      says: `${common.product} refused ${NAMES[of]}`,
    }),
  );
}
