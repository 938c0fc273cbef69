import { useSignal, type Signal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import type { ClaimCodeView, DeviceView } from '../../api/core/schemas.ts';
import { Age } from '../components/age.tsx';
import { Note } from '../components/note.tsx';
import { Said } from '../components/said.tsx';
import { badgeOf, nameOf } from '../device-groups.ts';
import type { LiveStore } from '../live-store.ts';
import type { Refusal } from '../requests.ts';
import { claimCodeIn, deviceHref, hrefOf, labelledIn } from '../route.ts';
import { rich, useWords } from '../words.tsx';
import { BoardRows } from './board-rows.tsx';
import { Camera } from './camera.tsx';
import type { ScreenProps } from './screen-props.ts';
import { Screen } from './screen.tsx';

const POLL_MS = 1000;
/** Sixteen characters, grouped as a label has them: they say nothing of the device. */
const BARE_CODE = /^\s*(?:[0-9a-z]{4}[\s-]*){4}$/i;

/** A claim code by camera, by a link or typed; the device is shown, and nothing is approved by that. */
export function ScanScreen({ store, router, open, trust }: ScreenProps) {
  const { m } = useWords();
  const t = m.screens.scan;
  const boards = useSignal(false);
  const code = useSignal<string | undefined>(undefined);
  const view = useSignal<ClaimCodeView | undefined>(undefined);
  const given = router.claimCode.value;
  useEffect(() => {
    if (given === undefined) return;
    code.value = given;
    view.value = undefined;
    // It was read; nothing else may find it later.
    router.claimCode.value = undefined;
  }, [given]);
  const start = (): void => {
    code.value = undefined;
    view.value = undefined;
  };
  const scanned = (text: string): void => {
    const named = namedIn(text);
    if (named !== undefined) router.go(deviceHref(named));
    else code.value = codeIn(text) ?? code.value;
  };
  return (
    <Screen title={t.title} hint={t.hint}>
      {boards.value ? (
        <BoardRows trust={trust} go={(href) => router.go(href)} />
      ) : view.value !== undefined ? (
        <Found view={view.value} store={store} open={open} onView={(next) => (view.value = next)} onAgain={start} />
      ) : code.value !== undefined ? (
        <Ask code={code.value} store={store} onView={(next) => (view.value = next)} onAgain={start} />
      ) : (
        <>
          <Camera trust={trust} onText={scanned} isWanted={isOurs} />
          <Typed store={store} onView={(next) => (view.value = next)} />
        </>
      )}
      <p class="actions outdent">
        <button type="button" class="quiet" onClick={() => (boards.value = !boards.value)}>
          {boards.value ? t.title : t.barcodes}
        </button>
        <a class="button quiet" href={hrefOf('import')}>
          {m.nav.import}
        </a>
      </p>
    </Screen>
  );
}

interface AskProps {
  code: string;
  store: LiveStore;
  onView: (view: ClaimCodeView) => void;
  onAgain: () => void;
}

/** Before the code is used at all: a link may come from anybody. */
function Ask({ code, store, onView, onAgain }: AskProps) {
  const { m } = useWords();
  const t = m.screens.scan;
  const id = code.split('.')[1] ?? '';
  const chosen = useSignal('');
  const device = store.devices.value?.find((each) => each.id === (id === '' ? chosen.value : id.toLowerCase()));
  const sending = useCode(store, onView);
  return (
    <div class="panel">
      <h3>{t.ask}</h3>
      {id === '' ? (
        <WhichDevice store={store} chosen={chosen} />
      ) : (
        <p class="big-words">
          <code>{id.slice(0, 6).toUpperCase()}</code>
        </p>
      )}
      {device !== undefined && <Facts of={[nameOf(device, m), device.ip, device.serial]} />}
      <p class="hint">{t.askHint}</p>
      <Note refusal={sending.refusal} urgent />
      <div class="actions end">
        <button type="button" onClick={onAgain}>
          {t.another}
        </button>
        <button
          type="button"
          class="primary"
          disabled={sending.isBusy}
          onClick={() => void sending.send(code, chosen.value)}
        >
          {sending.isBusy ? t.busy : t.action}
        </button>
      </div>
    </div>
  );
}

/** What is known of a device, each fact once. */
function Facts({ of }: { of: readonly (string | undefined)[] }) {
  return <p class="facts">{[...new Set(of)].map((fact) => fact !== undefined && <bdi key={fact}>{fact}</bdi>)}</p>;
}

/** A code that names no device is of one of those that wait for one. */
function WhichDevice({ store, chosen }: { store: LiveStore; chosen: Signal<string> }) {
  const { m } = useWords();
  const t = m.screens.scan;
  const waiting = (store.devices.value ?? []).filter(({ codeAwaited }) => codeAwaited === true);
  return (
    <div class="field">
      <label for="code-device">{t.device}</label>
      <select id="code-device" value={chosen.value} onChange={(event) => (chosen.value = event.currentTarget.value)}>
        <option value="">{t.onlyOne}</option>
        {waiting.map((device) => (
          <option key={device.id} value={device.id}>
            {[device.shortId.toUpperCase(), nameOf(device, m), device.serial, device.ip].filter(Boolean).join(' · ')}
          </option>
        ))}
      </select>
    </div>
  );
}

function Typed({ store, onView }: Pick<AskProps, 'store' | 'onView'>) {
  const t = useWords().m.screens.scan;
  const typed = useSignal('');
  const chosen = useSignal('');
  const sending = useCode(store, onView);
  const isBare = BARE_CODE.test(typed.value);
  return (
    <form
      class="panel"
      onSubmit={(event) => {
        event.preventDefault();
        const text = typed.value.trim();
        void sending.send(codeIn(text) ?? text, isBare ? chosen.value : '');
      }}
    >
      <label for="claim-code">{t.typed}</label>
      <input
        id="claim-code"
        class="code typed-code"
        required
        autocomplete="off"
        autocapitalize="characters"
        autocorrect="off"
        spellcheck={false}
        aria-describedby="claim-code-hint"
        value={typed.value}
        onInput={(event) => (typed.value = event.currentTarget.value)}
      />
      <p class="hint" id="claim-code-hint">
        {t.typedHint}
      </p>
      {isBare && <WhichDevice store={store} chosen={chosen} />}
      <Note refusal={sending.refusal} urgent />
      <button type="submit" class="primary" disabled={sending.isBusy}>
        {sending.isBusy ? t.busy : t.action}
      </button>
    </form>
  );
}

interface FoundProps extends Pick<ScreenProps, 'store' | 'open'> {
  view: ClaimCodeView;
  onView: (view: ClaimCodeView) => void;
  onAgain: () => void;
}

/** The device of a code: whether it has proved it, and the button that claims it. */
function Found({ view, store, open, onView, onAgain }: FoundProps) {
  const { m } = useWords();
  const t = m.screens.scan;
  const device = store.devices.value?.find(({ id }) => id === view.device);
  useEffect(() => {
    if (view.state !== 'waiting') return undefined;
    const timer = setInterval(() => {
      const path = `/api/v1/claim-codes/${encodeURIComponent(view.device)}`;
      void store.ask<ClaimCodeView>('GET', path).then((reply) => {
        if (reply.ok) onView(reply.body);
      });
    }, POLL_MS);
    return () => clearInterval(timer);
  }, [view.device, view.state]);
  const { failure } = view;
  const refused = failure === undefined ? t.refusedHint : <Said text={failure.remedy} code={failure.code} />;
  const tone = { waiting: 'calm', proven: 'good', refused: 'bad' }[view.state];
  return (
    <div class="panel">
      <p class="big-words">
        <code>{view.shortId.toUpperCase()}</code>
      </p>
      {device !== undefined && <Facts of={[nameOf(device, m), device.model, device.ip]} />}
      {device?.claim === undefined ? (
        <div class={`note ${tone}`} role="status">
          <strong>{failure === undefined ? t[view.state] : <Said text={failure.message} code={failure.code} />}</strong>
          {view.state === 'refused' && <span>{refused}</span>}
          {view.state === 'proven' && (
            <span>{rich(t.expires, { age: <Age store={store} at={view.expiresAt} /> })}</span>
          )}
        </div>
      ) : (
        <div class="note good" role="status">
          <strong>{rich(t.claimed, { stage: badgeOf(device, m) })}</strong>
        </div>
      )}
      <div class="actions end">
        <button type="button" onClick={onAgain}>
          {t.another}
        </button>
        {device !== undefined && device.codeAwaited !== true && view.state !== 'refused' && (
          <Next device={device} open={open} />
        )}
      </div>
    </div>
  );
}

/** Claims the device of a code; once that is done, leads to it. */
function Next({ device, open }: Pick<ScreenProps, 'open'> & { device: DeviceView }) {
  const t = useWords().m.screens.scan;
  if (device.claim !== undefined) {
    return (
      <a class="button primary" href={deviceHref(device.id)}>
        {t.toDevice}
      </a>
    );
  }
  return (
    <button type="button" class="primary" onClick={() => open({ kind: 'claim', cardId: device.id, device })}>
      {t.claim}
    </button>
  );
}

function useCode(store: LiveStore, onView: (view: ClaimCodeView) => void) {
  const busy = useSignal(false);
  const refusal = useSignal<Refusal | undefined>(undefined);
  const send = async (code: string, device: string): Promise<void> => {
    if (busy.value) return;
    busy.value = true;
    const body = { code, ...(device === '' ? {} : { device }) };
    const reply = await store.ask<ClaimCodeView>('POST', '/api/v1/claim-codes', body);
    busy.value = false;
    refusal.value = reply.ok ? undefined : reply.refusal;
    if (reply.ok) onView(reply.body);
  };
  return { isBusy: busy.value, refusal: refusal.value, send };
}

/** The claim code in what a QR code says: a link of which only the fragment counts, whatever host it names. */
function codeIn(text: string): string | undefined {
  const hash = text.indexOf('#');
  return hash < 0 ? undefined : claimCodeIn(text.slice(hash));
}

/** What the QR code of a label without a claim code names. */
function namedIn(text: string): string | undefined {
  const url = URL.parse(text);
  return url === null ? undefined : labelledIn(url.pathname, url.hash);
}

function isOurs(text: string): boolean {
  return codeIn(text) !== undefined || namedIn(text) !== undefined;
}
