/** Where the bytes of a file come from. */
export type Content = Uint8Array | { readonly path: string; readonly bytes: number };

/** One entry of a layer; `path` without a leading slash. All belong to root, at the beginning of time. */
export type LayerEntry =
  | { readonly kind: 'file'; readonly path: string; readonly mode: number; readonly content: Content }
  | { readonly kind: 'folder'; readonly path: string; readonly mode: number }
  | { readonly kind: 'link'; readonly path: string; readonly target: string };

/** Folders that Debian has merged into /usr: one file must not lie at two places of the image. */
const MERGED = ['bin', 'sbin', 'lib', 'lib64'];

/** The path as it is on a Debian system whose /usr is merged. */
export function mergedPath(path: string): string {
  const [first = '', ...rest] = path.split('/');
  return MERGED.includes(first) && rest.length > 0 ? `usr/${path}` : path;
}

/** The links of a merged /usr. */
export function mergedLinks(): LayerEntry[] {
  return MERGED.map((name) => ({ kind: 'link', path: name, target: `usr/${name}` }));
}

/**
 * The entries in the order in which they are written, with every folder they need before them: the same entries in any
 * order give the same layer. Of two at one path the later counts.
 */
export function orderedEntries(entries: readonly LayerEntry[]): LayerEntry[] {
  const byPath = new Map<string, LayerEntry>();
  for (const entry of entries) {
    for (const path of parentsOf(entry.path)) {
      if (!byPath.has(path)) byPath.set(path, { kind: 'folder', path, mode: 0o755 });
    }
    byPath.set(entry.path, entry);
  }
  return [...byPath.values()].sort((one, other) => compareParts(one.path, other.path));
}

/** True for what of a Debian package a container does not need; licences stay. */
export function isLeftOut(path: string): boolean {
  if (/^usr\/share\/doc\/[^/]+\/copyright$/.test(path)) return false;
  return LEFT_OUT.some((prefix) => path.startsWith(prefix)) || /^usr\/lib\/[^/]+\/gconv(\/|$)/.test(path);
}

const LEFT_OUT = ['doc', 'man', 'info', 'locale', 'lintian', 'bug', 'gdb', 'gcc'].map((name) => `usr/share/${name}/`);

function parentsOf(path: string): string[] {
  const parts = path.split('/').slice(0, -1);
  return parts.map((_, index) => parts.slice(0, index + 1).join('/'));
}

/** By folder, so that one comes before what is in it; by code unit, so that no locale matters. */
function compareParts(one: string, other: string): number {
  const [left, right] = [`${one}/`.replaceAll('/', '\u0001'), `${other}/`.replaceAll('/', '\u0001')];
  return left < right ? -1 : left > right ? 1 : 0;
}
