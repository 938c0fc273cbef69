import { useSignal } from '@preact/signals';
import { useEffect, useMemo } from 'preact/hooks';
import { Alarms } from './components/alarms.tsx';
import { Announcer } from './components/announcer.tsx';
import { ConnectionBanner } from './components/connection-banner.tsx';
import { FocusKeeper } from './focus-keeper.ts';
import { Note } from './components/note.tsx';
import { SignIn } from './components/sign-in.tsx';
import { SiteHeader } from './components/site-header.tsx';
import { SiteList } from './components/site-list.tsx';
import type { Dialog } from './dialogs/dialog.ts';
import { OpenDialog } from './dialogs/open-dialog.tsx';
import type { LiveStore } from './live-store.ts';

/** The page: sign in, then the site at a glance. */
export function App({ store }: { store: LiveStore }) {
  useEffect(() => void store.start(), [store]);
  const dialog = useSignal<Dialog | undefined>(undefined);
  const focus = useMemo(() => new FocusKeeper(), []);
  const session = store.session.value;

  if (session === undefined) return <p class="splash">Opening …</p>;
  if (!session.signedIn) return <SignIn store={store} />;
  const open = (next: Dialog): void => {
    dialog.value = next;
  };
  return (
    <>
      <SiteHeader store={store} open={open} />
      <main class={store.connection.value === 'lost' ? 'stale' : ''}>
        <ConnectionBanner store={store} />
        {store.notice.value !== undefined && <Note refusal={store.notice.value} urgent />}
        <Alarms store={store} />
        <SiteList store={store} open={open} focus={focus} />
      </main>
      <Announcer store={store} />
      {dialog.value !== undefined && (
        <OpenDialog
          dialog={dialog.value}
          store={store}
          open={open}
          onClose={() => {
            focus.afterDialog(dialog.value);
            dialog.value = undefined;
          }}
        />
      )}
    </>
  );
}
