import { useEffect } from 'preact/hooks';
import type { Dialog } from '../dialogs/dialog.ts';
import { groupOf } from '../device-groups.ts';
import type { LiveStore } from '../live-store.ts';
import { reaches, type Role } from '../roles.ts';
import { hrefOf, type Route, type View } from '../route.ts';
import { rich, useWords } from '../words.tsx';

interface Props {
  store: LiveStore;
  route: Route;
  open: (dialog: Dialog) => void;
}

/** The site's name, the parts of the page, and what of the site does not work. */
export function SiteHeader({ store, route, open }: Props) {
  const { m } = useWords();
  const site = store.site.value;
  const user = store.session.value?.user;
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
        {store.may('admin') && route.view === 'site' && (
          <button type="button" onClick={() => open({ kind: 'card' })}>
            {m.site.newCard}
          </button>
        )}
        <span class="who">
          {user !== undefined && (
            <span class="hint">
              <bdi>{user.name}</bdi> · {m.screens.people.roles[user.role]}
            </span>
          )}
          <button type="button" class="quiet small" onClick={() => void store.signOut()}>
            {m.signIn.out}
          </button>
        </span>
      </div>
      <Parts route={route} role={user?.role} />
      {store.session.value?.needsUser === true && route.view === 'site' && (
        <p class="note calm">
          <strong>{m.screens.people.firstAdmin}</strong>
          <span>
            {m.screens.people.firstAdminHint} <a href={hrefOf('people')}>{m.nav.people}</a>
          </span>
        </p>
      )}
      <SiteNotices store={store} />
    </header>
  );
}

/** The parts in their order, each with the role that it is of use to. */
const PARTS = [
  ['site', 'viewer'],
  ['scan', 'claimer'],
  ['import', 'claimer'],
  ['services', 'viewer'],
  ['rules', 'viewer'],
  ['labels', 'claimer'],
  ['people', 'viewer'],
  ['audit', 'admin'],
  ['settings', 'viewer'],
] as const satisfies readonly (readonly [View, Role])[];

function Parts({ route, role }: Pick<Props, 'route'> & { role: Role | undefined }) {
  const { m } = useWords();
  const here = route.view === 'device' ? 'site' : route.view === 'service' ? 'services' : route.view;
  return (
    <nav class="parts" aria-label={m.nav.title}>
      <ul>
        {PARTS.filter(([, needed]) => reaches(role, needed)).map(([view]) => (
          <li key={view}>
            <a href={hrefOf(view)} {...(view === here ? { 'aria-current': 'page' as const } : {})}>
              {m.nav[view]}
            </a>
          </li>
        ))}
      </ul>
    </nav>
  );
}

function SiteNotices({ store }: { store: LiveStore }) {
  const { m } = useWords();
  const site = store.site.value;
  if (site === undefined) return null;
  const doctor = { command: <code>usher doctor</code> };
  return (
    <>
      {site.kubernetes.standIn !== undefined && (
        <p class="note wary">
          <strong>{m.site.standIn}</strong> <span>{site.kubernetes.standIn}</span>
        </p>
      )}
      {!site.kubernetes.ready && (
        <p class="note bad" role="alert">
          <strong>{m.site.kubernetesSilent}</strong> <span>{rich(m.site.kubernetesSilentHint, doctor)}</span>
        </p>
      )}
      {site.sources
        .filter((source) => !source.working)
        .map((source) => (
          <p class="note bad" key={source.name}>
            <strong>{m.site.sourceBroken(source.name)}</strong>{' '}
            <span>
              {source.detail === undefined ? '' : `${m.server(source.detail) ?? source.detail}. `}
              {rich(m.site.sourceHint, doctor)}
            </span>
          </p>
        ))}
    </>
  );
}
