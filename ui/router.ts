import { signal, type ReadonlySignal, type Signal } from '@preact/signals';
import { claimCodeIn, deviceHref, labelledIn, routeOf, type Route } from './route.ts';

export interface Router {
  route: ReadonlySignal<Route>;
  /** The claim code that the page was opened with; only here, and gone with the page. */
  claimCode: Signal<string | undefined>;
  go: (href: string) => void;
}

/** Follows the address of the window; a secret in its fragment is taken out of it (and of the history) at once. */
export function createRouter(): Router {
  const claimCode = signal<string | undefined>(undefined);
  const route = signal<Route>({ view: 'site' });
  const read = (): void => {
    const labelled = labelledIn(location.pathname, location.hash);
    if (labelled !== undefined) history.replaceState(history.state, '', deviceHref(labelled));
    const next = routeOf(location.pathname) ?? { view: 'site' };
    if (next.view === 'scan' && location.hash !== '') {
      claimCode.value = claimCodeIn(location.hash);
      history.replaceState(history.state, '', location.pathname);
    }
    if (JSON.stringify(next) !== JSON.stringify(route.peek())) route.value = next;
  };
  const go = (href: string): void => {
    if (href === location.pathname) return;
    history.pushState(null, '', href);
    read();
    scrollTo(0, 0);
  };
  read();
  addEventListener('popstate', read);
  addEventListener('hashchange', read);
  addEventListener('click', (event) => {
    const link = event.target instanceof Element ? event.target.closest('a') : null;
    const path = link === null ? undefined : ownPath(link, event);
    if (path === undefined) return;
    event.preventDefault();
    go(path);
  });
  return { route, claimCode, go };
}

/** Where a click on a link leads within this page; undefined when it leads elsewhere, or is meant for the browser. */
function ownPath(link: Element, event: MouseEvent): string | undefined {
  const isPlain = event.button === 0 && !event.metaKey && !event.ctrlKey && !event.shiftKey && !event.altKey;
  const href = link.getAttribute('href') ?? '';
  if (!isPlain || event.defaultPrevented || !href.startsWith('/') || link.hasAttribute('target')) return undefined;
  return routeOf(href) === undefined ? undefined : href;
}
