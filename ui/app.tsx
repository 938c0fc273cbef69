import { useSignal } from '@preact/signals';
import type { ComponentType } from 'preact';
import { useEffect, useMemo, useRef } from 'preact/hooks';
import { Alarms } from './components/alarms.tsx';
import { Announcer } from './components/announcer.tsx';
import { ConnectionBanner } from './components/connection-banner.tsx';
import { DevicePage } from './components/device-page.tsx';
import { KEPT_LAYOUT } from './components/list-tools.tsx';
import { Note } from './components/note.tsx';
import { SignIn } from './components/sign-in.tsx';
import { SiteHeader } from './components/site-header.tsx';
import { SiteList } from './components/site-list.tsx';
import type { Dialog } from './dialogs/dialog.ts';
import { FreshSignInDialog } from './dialogs/fresh-sign-in-dialog.tsx';
import { OpenDialog } from './dialogs/open-dialog.tsx';
import { FocusKeeper } from './focus-keeper.ts';
import { keepLanguage, readKept, startLanguage } from './kept.ts';
import { LANGUAGES, type Language } from './language.ts';
import { Lazy } from './lazy.tsx';
import type { LiveStore } from './live-store.ts';
import { ENGLISH, type Words } from './messages/words.ts';
import type { Router } from './router.ts';
import type { Filter } from './rows.ts';
import type { PageTrust } from './trust.ts';
import type { ScreenProps } from './screens/screen-props.ts';
import { useWords, WordsProvider } from './words.tsx';

interface Props {
  store: LiveStore;
  router: Router;
  trust: PageTrust;
}

/** Screens beside the site; each is fetched when somebody goes there. */
const SCREENS: Readonly<Record<string, () => Promise<ComponentType<ScreenProps>>>> = {
  scan: async () => (await import('./screens/scan-screen.tsx')).ScanScreen,
  import: async () => (await import('./screens/import-screen.tsx')).ImportScreen,
  services: async () => (await import('./screens/services-screen.tsx')).ServicesScreen,
  service: async () => (await import('./screens/service-screen.tsx')).ServiceScreen,
  rules: async () => (await import('./screens/rules-screen.tsx')).RulesScreen,
  labels: async () => (await import('./screens/labels-screen.tsx')).LabelsScreen,
  people: async () => (await import('./screens/people-screen.tsx')).PeopleScreen,
  audit: async () => (await import('./screens/audit-screen.tsx')).AuditScreen,
  settings: async () => (await import('./screens/settings-screen.tsx')).SettingsScreen,
};

/** The page in the reader's language. */
export function App({ store, router, trust }: Props) {
  useEffect(() => void store.start(), [store]);
  const words = useSignal<Words | undefined>(undefined);
  const choose = async (language: Language): Promise<void> => {
    // Without the texts of a language (the connection is lost) English, which is always here, has to do.
    const m = await LANGUAGES[language].load().catch(() => ENGLISH.m);
    document.documentElement.lang = m === ENGLISH.m ? 'en' : language;
    const isBrowsers = navigator.language.toLowerCase().startsWith(language);
    words.value = { m, locale: isBrowsers ? undefined : language };
  };
  useEffect(() => void choose(startLanguage()), []);
  if (words.value === undefined) return null;
  const onLanguage = (language: Language): void => {
    keepLanguage(language);
    void choose(language);
  };
  return (
    <WordsProvider value={words.value}>
      <Page store={store} router={router} trust={trust} onLanguage={onLanguage} />
    </WordsProvider>
  );
}

/** Sign in, then what was asked for. */
function Page({ store, router, trust, onLanguage }: Props & { onLanguage: (language: Language) => void }) {
  const { m } = useWords();
  const dialog = useSignal<Dialog | undefined>(undefined);
  const layout = useSignal(keptLayout());
  const filter = useSignal<Filter>({ text: '', groups: new Set(), label: '' });
  const selected = useSignal<ReadonlySet<string>>(new Set());
  const focus = useMemo(() => new FocusKeeper(), []);
  const session = store.session.value;
  const route = router.route.value;
  const isFirst = useRef(true);
  useEffect(() => {
    // The other parts begin at a heading of their own, and take the keyboard's place there.
    if (!isFirst.current && route.view === 'site') document.querySelector<HTMLElement>('h1')?.focus();
    isFirst.current = false;
  }, [route]);

  if (session === undefined) return <p class="splash">{m.common.opening}</p>;
  if (!session.signedIn) return <SignIn store={store} router={router} trust={trust} />;
  const open = (next: Dialog): void => {
    dialog.value = next;
  };
  const load = SCREENS[route.view];
  return (
    <>
      <SiteHeader store={store} route={route} open={open} />
      <main class={store.connection.value === 'lost' ? 'stale' : ''}>
        <ConnectionBanner store={store} />
        {store.notice.value !== undefined && <Note refusal={store.notice.value} urgent />}
        <Alarms store={store} isBrief={load !== undefined} device={route.view === 'device' ? route.id : undefined} />
        {route.view === 'site' && (
          <SiteList {...{ store, layout, filter, selected, open, focus }} go={(href) => router.go(href)} />
        )}
        {route.view === 'device' && <DevicePage id={route.id} store={store} open={open} />}
        {load !== undefined && <Lazy load={load} with={{ store, router, trust, open, onLanguage }} />}
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
      {store.freshSignIn.value !== undefined && (
        <FreshSignInDialog store={store} onClose={(isDone) => store.freshSignIn.value?.(isDone)} />
      )}
    </>
  );
}

function keptLayout(): 'cards' | 'list' | undefined {
  const kept = readKept(KEPT_LAYOUT);
  return kept === 'cards' || kept === 'list' ? kept : undefined;
}
