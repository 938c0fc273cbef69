import { useSignal } from '@preact/signals';
import { useEffect, useRef } from 'preact/hooks';
import type { PageTrust } from '../trust.ts';
import { useWords } from '../words.tsx';

interface Props {
  trust: PageTrust;
  /** Called with the text of a code that is wanted, once for each time that it comes into sight. */
  onText: (text: string) => void;
  isWanted: (text: string) => boolean;
  /** Bars as well as QR codes. */
  bars?: boolean;
}

type State = 'off' | 'looking' | 'foreign' | 'untrusted' | 'missing' | 'denied' | 'busy';

const LOOK_MS = 180;
/** A code that was out of sight for so long counts anew. */
const ANEW_MS = 1500;

/** The camera, and codes in its picture; where there is none, why. Nothing of the picture leaves the browser. */
export function Camera({ trust, onText, isWanted, bars = false }: Props) {
  const t = useWords().m.screens.scan;
  const video = useRef<HTMLVideoElement>(null);
  const stream = useSignal<MediaStream | undefined>(undefined);
  const state = useSignal<State>(startState(trust));
  const stop = (): void => {
    for (const track of stream.peek()?.getTracks() ?? []) track.stop();
    stream.value = undefined;
    state.value = 'off';
  };
  const start = async (): Promise<void> => {
    try {
      const wanted = { facingMode: 'environment', width: { ideal: 1280 } };
      stream.value = await navigator.mediaDevices.getUserMedia({ video: wanted, audio: false });
      state.value = 'looking';
    } catch (error) {
      state.value = whyNot(error, trust);
    }
  };
  useEffect(() => () => stop(), []);
  useEffect(() => {
    const element = video.current;
    const source = stream.value;
    if (element === null || source === undefined) return undefined;
    element.srcObject = source;
    // A camera that stops in the middle is told by what is shown.
    void element.play().catch(() => undefined);
    return look(element, bars, (text) => {
      if (!isWanted(text)) state.value = 'foreign';
      else {
        state.value = 'looking';
        onText(text);
      }
    });
  }, [stream.value]);

  if (stream.value !== undefined) {
    return (
      <div class="camera">
        <video ref={video} muted playsInline aria-label={t.camera} />
        <p role="status">{state.value === 'foreign' ? t.foreign : t.looking}</p>
        <button type="button" onClick={stop}>
          {t.stop}
        </button>
      </div>
    );
  }
  return (
    <>
      {state.value === 'off' ? (
        <p>
          <button type="button" class="primary" onClick={() => void start()}>
            {t.start}
          </button>
        </p>
      ) : (
        <WhyOff state={state.value} onAgain={() => void start()} />
      )}
    </>
  );
}

function WhyOff({ state, onAgain }: { state: State; onAgain: () => void }) {
  const { m } = useWords();
  const t = m.screens.scan;
  if (state === 'untrusted') {
    return (
      <div class="note wary">
        <strong>{t.offUntrusted}</strong>
        <span>{t.offUntrustedHint}</span>
        <a href="/trust">{t.trust}</a>
      </div>
    );
  }
  const [what, hint] =
    state === 'denied'
      ? [t.offDenied, t.offDeniedHint]
      : state === 'missing'
        ? [t.offMissing, t.offBusyHint]
        : [t.offBusy, t.offBusyHint];
  return (
    <div class="note wary" role="status">
      <strong>{what}</strong>
      <span>{hint}</span>
      <div class="actions">
        <button type="button" onClick={onAgain}>
          {m.common.tryAgain}
        </button>
      </div>
    </div>
  );
}

function startState(trust: PageTrust): State {
  // Undefined outside a secure context, whatever the types say.
  const devices = navigator.mediaDevices as MediaDevices | undefined;
  if (devices !== undefined) return 'off';
  return !isSecureContext || trust.isTrusted.peek() === false ? 'untrusted' : 'missing';
}

function whyNot(error: unknown, trust: PageTrust): State {
  const name = error instanceof DOMException ? error.name : '';
  if (name === 'NotFoundError' || name === 'OverconstrainedError') return 'missing';
  if (name !== 'NotAllowedError' && name !== 'SecurityError') return 'busy';
  return trust.isTrusted.peek() === false ? 'untrusted' : 'denied';
}

/** Looks for codes in a video until the returned function is called; the decoder is fetched here. */
function look(video: HTMLVideoElement, bars: boolean, onText: (text: string) => void): () => void {
  const canvas = document.createElement('canvas');
  const context = canvas.getContext('2d', { willReadFrequently: true });
  const seenAt = new Map<string, number>();
  let timer: ReturnType<typeof setTimeout> | undefined;
  let isOver = false;
  const once = async (): Promise<void> => {
    const { decode } = await import('./decoder.ts');
    if (context !== null && video.videoWidth > 0) {
      canvas.width = video.videoWidth;
      canvas.height = video.videoHeight;
      context.drawImage(video, 0, 0);
      const texts = await decode(context.getImageData(0, 0, canvas.width, canvas.height), bars);
      const nowMs = performance.now();
      for (const text of texts) {
        if (!isOver && nowMs - (seenAt.get(text) ?? -ANEW_MS) >= ANEW_MS) onText(text);
        seenAt.set(text, nowMs);
      }
    }
    if (!isOver) timer = setTimeout(run, LOOK_MS);
  };
  // A picture that could not be read is followed by the next.
  const run = (): void => void once().catch(() => (timer = setTimeout(run, LOOK_MS * 5)));
  run();
  return () => {
    isOver = true;
    clearTimeout(timer);
  };
}
