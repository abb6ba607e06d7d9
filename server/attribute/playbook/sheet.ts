/** The shape of one playbook, before the facts of a refusal are in it. */

export interface Fix {
  /** null = holds for every product. */
  product: string | null;
  text: string;
  snippet?: string | null;
}

/**
 * Facts in the spellings that snippets need. Each is a value that is safe in its place, or a stand-in that says
 * what belongs there (`/the/path`), so that a snippet is never broken and never carries text of an attacker.
 */
export interface Facts {
  /** Names of products, as the sheets use them, that the deciding line comes from. */
  products: ReadonlySet<string>;
  /** "/orders" */
  path: string;
  /** The same as a regular expression. "/orders\.json" */
  pathPattern: string;
  /** First segments only: a prefix for locations. "/orders" */
  prefix: string;
  host: string;
  address: string;
  /** "942100" */
  rule: string;
  /** "ARGS:q" */
  target: string;
  file: string;
  directory: string;
  method: string;
  user: string;
  /** In words, for sentences: what was asked for. "GET /orders on shop.example.com" */
  request: string;
  /** What is really known, for sentences that otherwise leave it out. */
  has: { path: boolean; host: boolean; address: boolean; rule: boolean; target: boolean; file: boolean; user: boolean; method: boolean };
}

export interface Sheet {
  meaning: string;
  confirm: (f: Facts) => string[];
  fix: (f: Facts) => Fix[];
  prevent: readonly string[];
  doNot: readonly string[];
}
