/** Names of files that no site means to serve. */

/** `/.env`, `/.git/config`, `/backup.sql`, `/index.php~`; not `/.well-known/…`. */
export function isHiddenPath(path: string | null): boolean {
  if (path === null) return false;
  return (
    /\/\.(?!well-known(?:\/|$)|\.?(?:\/|$))/.test(path) ||
    /~$|\.(?:bak|old|orig|save|swp|swo|inc|ini|conf|cfg|sql|env)$/i.test(path)
  );
}
