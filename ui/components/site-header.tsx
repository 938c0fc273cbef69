import { useEffect } from 'preact/hooks';
import type { Dialog } from '../dialogs/dialog.ts';
import { groupOf } from '../device-groups.ts';
import type { LiveStore } from '../live-store.ts';

interface Props {
  store: LiveStore;
  open: (dialog: Dialog) => void;
}

/** The site's name, what Kubernetes this really is, and what of the site does not work. */
export function SiteHeader({ store, open }: Props) {
  const site = store.site.value;
  const title = site?.name ?? 'Usher';
  const waiting =
    (store.devices.value ?? []).map(groupOf).filter((id) => id === 'attention' || id === 'claim').length +
    store.claims.value.filter(({ phase }) => phase === 'Conflict').length +
    store.alarms.value.length;
  useEffect(() => {
    document.title = `${waiting === 0 ? '' : `(${String(waiting)}) `}${title}${title === 'Usher' ? '' : ' · Usher'}`;
  }, [waiting, title]);
  return (
    <header class="site">
      <div class="title">
        <img src="/icon.svg" alt="" width="32" height="32" />
        <h1 tabIndex={-1}>
          <bdi>{title}</bdi>
        </h1>
        <button type="button" onClick={() => open({ kind: 'card' })}>
          New card…
        </button>
      </div>
      <div class="subtitle">
        <p class="hint">
          {site !== undefined && (
            <>
              Kubernetes {site.kubernetes.version} · Usher {site.version} ·{' '}
              {site.interfaces.map(({ name, addresses }) => `${name} ${addresses.join(' ')}`.trim()).join(', ')}
            </>
          )}
        </p>
        <button type="button" class="quiet small" onClick={() => void store.signOut()}>
          Sign out
        </button>
      </div>
      <SiteNotices store={store} />
    </header>
  );
}

function SiteNotices({ store }: { store: LiveStore }) {
  const site = store.site.value;
  if (site === undefined) return null;
  return (
    <>
      {site.kubernetes.standIn !== undefined && (
        <p class="note wary">
          <strong>This is not k3s, but the lab’s stand-in.</strong> <span>{site.kubernetes.standIn}</span>
        </p>
      )}
      {!site.kubernetes.ready && (
        <p class="note bad" role="alert">
          <strong>Kubernetes does not answer.</strong>{' '}
          <span>
            Nothing can join until it does; it is started again by itself. <code>usher doctor</code> on the appliance
            says more.
          </span>
        </p>
      )}
      {site.sources
        .filter((source) => !source.working)
        .map((source) => (
          <p class="note bad" key={source.name}>
            <strong>Nothing is seen by {source.name}.</strong>{' '}
            <span>
              {source.detail === undefined ? '' : `${source.detail}. `}Run <code>usher doctor</code> on the appliance.
            </span>
          </p>
        ))}
    </>
  );
}
