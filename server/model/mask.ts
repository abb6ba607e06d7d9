/**
 * Secrets do not leave the logs: values of parameters and headers that carry credentials are masked in stored
 * rows and in every face. Names decide, and the shape of bearer tokens.
 */
const SECRET_NAME =
  /^(access_?token|id_?token|refresh_?token|auth(_?token)?|authorization|token|api[-_]?key|apikey|key|x-api-key|secret|client_?secret|password|passwd|pwd|pass|session(_?id)?|sid|phpsessid|jsessionid|jwt|sig|signature|x-amz-signature|x-amz-security-token|x-goog-signature|code|otp|csrf(_?token)?|csrfmiddlewaretoken|_csrf|_token|authenticity_token|credit_?card|iban)$/i;
const MASK = '***';

/** "id=7&token=abc" → "id=7&token=***" */
export function maskQuery(query: string | null): string | null {
  if (query === null || query.indexOf('=') < 0) return query;
  return query
    .split('&')
    .map((pair) => {
      const eq = pair.indexOf('=');
      if (eq < 1) return pair;
      return SECRET_NAME.test(pair.slice(0, eq)) ? `${pair.slice(0, eq + 1)}${MASK}` : pair;
    })
    .join('&');
}

/** A whole record or sentence: parameters, bearer and basic credentials, JSON members and JWTs are masked in place. */
export function maskText(text: string): string {
  return text
    .replace(/\beyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]*)?/g, MASK)
    .replace(/\b(Bearer|Basic)\s+[A-Za-z0-9._~+/=-]{6,}/gi, `$1 ${MASK}`)
    .replace(/([?&])([A-Za-z0-9_.-]{1,40})=([^&\s"'<>\\]+)/g, (all, lead: string, name: string) =>
      SECRET_NAME.test(name) ? `${lead}${name}=${MASK}` : all,
    )
    .replace(/"([A-Za-z0-9_.-]{1,40})":\s*"((?:[^"\\]|\\.)*)"/g, (all, name: string, value: string) =>
      (SECRET_NAME.test(name) && name !== 'code' && name !== 'key' && value !== '') ||
      /^(cookie|set-cookie)$/i.test(name)
        ? `"${name}":"${MASK}"`
        : all,
    )
    .replace(/^((?:set-)?cookie|authorization|x-api-key|proxy-authorization):.*$/gim, `$1: ${MASK}`);
}

/** Control characters (terminal escapes among them) made visible; for terminals and text reports. */
export function plain(text: string): string {
  return text.replace(
    /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u200e\u200f\u202a-\u202e\u2066-\u2069]/g,
    (c) => `\\x${c.charCodeAt(0).toString(16).padStart(2, '0')}`,
  );
}
