/** What of the page is shown; each has an address of its own, which the appliance answers with the page. */
export type View =
  'site' | 'device' | 'services' | 'service' | 'scan' | 'import' | 'rules' | 'labels' | 'people' | 'audit' | 'settings';
/** `id` of a service: its namespace and name, `hall/vibration`. */
export type Route = { view: Plain } | { view: 'device' | 'service'; id: string };
/** Views of which there is one. */
type Plain = Exclude<View, 'device' | 'service'>;

const PATHS: Record<Plain, string> = {
  site: '/',
  services: '/services',
  scan: '/c',
  import: '/import',
  rules: '/rules',
  labels: '/labels',
  people: '/people',
  audit: '/audit',
  settings: '/settings',
};
const DEVICE = /^\/device\/([^/]{1,800})$/;
/** Namespace and name are DNS labels. */
const SERVICE = /^\/services\/([a-z0-9-]{1,63}\/[a-z0-9-]{1,63})$/;

/** `1.<id 26>.<code 16>` of a QR code's fragment: a secret. The id is empty on the label of a card that no board had yet. */
const CLAIM_CODE = /^#(1\.(?:[0-9a-hjkmnp-tv-z]{26})?\.[0-9a-hjkmnp-tv-z]{16})$/i;
/** What a label's QR code without a claim code leads to; behind `#` is what it names. */
const LABEL = '/d';
const LONGEST_NAMED = 253;

/** The route of a path; undefined for one that is not the page's own. */
export function routeOf(pathname: string): Route | undefined {
  const id = DEVICE.exec(pathname)?.[1];
  if (id !== undefined) return { view: 'device', id: decoded(id) };
  const service = SERVICE.exec(pathname)?.[1];
  if (service !== undefined) return { view: 'service', id: service };
  const view = (Object.keys(PATHS) as (keyof typeof PATHS)[]).find((each) => PATHS[each] === pathname);
  return view === undefined ? undefined : { view };
}

export function hrefOf(view: Plain): string {
  return PATHS[view];
}

export function deviceHref(id: string): string {
  return `/device/${encodeURIComponent(id)}`;
}

export function serviceHref(namespace: string, name: string): string {
  return `${PATHS.services}/${namespace}/${name}`;
}

/** The claim code in a fragment; undefined when there is none. */
export function claimCodeIn(hash: string): string | undefined {
  return CLAIM_CODE.exec(hash)?.[1];
}

/** What a label's link names (the id of a device, or a claim); undefined for another address. */
export function labelledIn(pathname: string, hash: string): string | undefined {
  const named = pathname === LABEL ? decoded(hash.slice(1)) : '';
  return named === '' || named.length > LONGEST_NAMED ? undefined : named;
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
