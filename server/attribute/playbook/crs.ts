/** Exclusions in the language of ModSecurity and Coraza. */
import { secRule } from './quote.ts';
import type { Values } from './values.ts';

/**
 * Chain that holds for this host and path, ending in one `ctl`. It belongs before the rules it excepts. The decoded
 * path is compared decoded: ModSecurity 2 keeps the path as sent, 3 and Coraza decode it.
 */
export const exclusion = (v: Values, ctl: string): string => {
  const encoded = v.facts.path?.split('?', 1)[0]?.includes('%') ?? false;
  return [
    `SecRule REQUEST_HEADERS:Host "@streq ${v.host}" "id:10001,phase:1,pass,nolog,chain"`,
    `  SecRule REQUEST_FILENAME "@streq ${v.path(secPath)}" "${encoded ? 't:none,t:urlDecodeUni,' : ''}${ctl}"`,
  ].join('\n');
};

/** A percent sign that is left after decoding would be decoded once more. */
const secPath = (p: string): string | null => (p.includes('%') ? null : secRule(p));
