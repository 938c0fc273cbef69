/**
 * Where downloads and builds are kept between runs: `USHER_CACHE_DIR`, else `$XDG_CACHE_HOME/usher`, else
 * `~/.cache/usher` (XDG Base Directory Specification). Never inside the checkout.
 */
export function cacheDirectory(environment: Readonly<Record<string, string | undefined>>): string {
  const own = environment['USHER_CACHE_DIR'];
  if (own !== undefined && own !== '') return own;
  const shared = environment['XDG_CACHE_HOME'];
  if (shared !== undefined && shared !== '') return `${shared}/usher`;
  return `${environment['HOME'] ?? '/root'}/.cache/usher`;
}
