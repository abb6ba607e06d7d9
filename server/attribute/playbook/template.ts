/** The shape of one cause's text, before the fixes are chosen and ordered for the product of the facts. */
import type { Cause } from '../../model/taxonomy.ts';
import type { Product } from './products.ts';
import type { Values } from './values.ts';

export interface Fix {
  product: Product | null;
  /** Products this one runs inside of, so that it is the fix when they name themselves. ModSecurity → nginx, Apache */
  inside?: Product[];
  text: string;
  snippet?: string;
}

export interface Template {
  meaning: string;
  confirm: string[];
  fix: Fix[];
  prevent: string[];
  doNot: string[];
}

type InCategory<C extends string> = Extract<Cause, `${C}.${string}`>;
/** One file per category: every code of it, none of another. */
export type Category<C extends string> = Record<InCategory<C>, (v: Values) => Template>;
