/**
 * What a signal is: one thing a product writes (or shows in a field) that tells why a request was refused.
 * Signals are data; the tables stand in `signals/<product>.ts`. They look at one Entry and know nothing of
 * other lines: joining and weighing is `verdict.ts`.
 */
import type { Entry } from '../../parsers/entry.ts';
import type { Cause, Layer } from '../model/taxonomy.ts';

export interface Signal {
  /** Unique, kebab-case, begins with the product. "nginx-access-rule" */
  id: string;
  /** For people. "nginx" */
  product: string;
  /** Datasets in which it can occur; one that ends in "*" is a prefix. ["nginx.error"], ["json", "text.app"] */
  datasets: readonly string[];

  /** Conditions, joined by "and"; at least one is given. A string must be contained, a RegExp must match (no nested quantifiers). */
  message?: string | RegExp;
  /** Must equal `eventCode`. "AH01630" */
  eventCode?: string | readonly string[];
  logger?: string | RegExp;
  /** On `eventOutcome`. */
  outcome?: string | RegExp;
  /** What was answered, where a log keeps it: its body, its WWW-Authenticate header. */
  answer?: string | RegExp;
  /** Whatever else has to hold; pure. */
  when?: (entry: Entry) => boolean;
  /** HTTP statuses of the answer it goes with. Default [403]. */
  status?: readonly number[];

  /**
   * decision: this line is the refusal or its reason. context: supports one. relay: says that an inner layer
   * refused. ignore: looks like a refusal and is none; no other signal may be taken from this entry.
   */
  kind: 'decision' | 'context' | 'relay' | 'ignore';
  /** null only for relay and ignore. */
  cause: Cause | null;
  /** Other causes that the same text can stand for, most likely first. */
  alternatives?: readonly Cause[];
  certainty: 'stated' | 'implied';
  /** 0..1, that `cause` is right given this entry alone. */
  confidence: number;
  /** The product names the class of its rule: `waf.ts`, which knows the Core Rule Set, has nothing to add. */
  namesClass?: true;
  /** The words of the record are the product's own: `reasons.ts` is not asked what they say. */
  ownWords?: true;
  /** Where the decision was made by another layer than the one whose log this is (a WAF inside a web server). */
  layer?: Layer;

  /** The sentence shown to people; {name} is a named group of `message`, or a field of the Entry. */
  says: string;
  /** The product's documentation or source file. */
  source: string;
}

/** A signal that holds for an entry. */
export interface SignalMatch {
  signal: Signal;
  /** `says` with its captures filled in. */
  says: string;
  /** The part of the record's text that matched, for marking; null where a field decided. */
  text: string | null;
}
