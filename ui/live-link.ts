import type { LiveEvent } from '../api/core/schemas.ts';

/** `lost`: what is shown may be out of date, and the page says so. */
export type Connection = 'connecting' | 'live' | 'lost';

export interface LiveLinkOptions {
  onEvent: (event: LiveEvent) => void;
  onConnection: (connection: Connection) => void;
  /** Asked when the appliance refuses the stream; false ends the link. */
  mayGoOn: () => Promise<boolean>;
}

const CHECK_MS = 10_000;
const CHECK_LIMIT_MS = 5000;
const REOPEN_MS = 2000;

/**
 * The appliance's event stream. The browser itself reconnects a broken stream and resumes it with Last-Event-ID; what it
 * does not notice (a cable pulled, a phone that slept) a small request every ten seconds does.
 */
export class LiveLink {
  readonly #options: LiveLinkOptions;
  #source: EventSource | undefined;
  #check: ReturnType<typeof setTimeout> | undefined;
  #reopen: ReturnType<typeof setTimeout> | undefined;

  constructor(options: LiveLinkOptions) {
    this.#options = options;
    addEventListener('online', () => this.#open());
    addEventListener('offline', () => this.#options.onConnection('lost'));
    document.addEventListener('visibilitychange', () => {
      if (document.visibilityState === 'visible' && this.#source !== undefined) void this.#look();
    });
  }

  /** Opens the stream, if it is not open. */
  start(): void {
    if (this.#source !== undefined) return;
    this.#connect();
    this.#arm();
  }

  stop(): void {
    clearTimeout(this.#check);
    clearTimeout(this.#reopen);
    this.#source?.close();
    this.#source = undefined;
  }

  #open(): void {
    if (this.#source === undefined) return;
    this.#source.close();
    this.#connect();
  }

  #connect(): void {
    clearTimeout(this.#reopen);
    const source = new EventSource('/api/v1/events');
    this.#source = source;
    source.onopen = () => this.#options.onConnection('live');
    source.onmessage = ({ data }: MessageEvent<string>) => this.#options.onEvent(JSON.parse(data) as LiveEvent);
    source.onerror = () => {
      this.#options.onConnection('lost');
      // The browser tries again by itself, unless the appliance refused.
      if (source.readyState === EventSource.CLOSED) this.#reopen = setTimeout(() => void this.#ask(), REOPEN_MS);
    };
  }

  async #ask(): Promise<void> {
    if (await this.#options.mayGoOn()) this.#open();
    else this.stop();
  }

  #arm(): void {
    clearTimeout(this.#check);
    this.#check = setTimeout(() => void this.#look(), CHECK_MS);
  }

  async #look(): Promise<void> {
    const answers = await fetch('/icon.svg', { cache: 'no-store', signal: AbortSignal.timeout(CHECK_LIMIT_MS) }).then(
      () => true,
      () => false,
    );
    if (this.#source === undefined) return;
    if (!answers) {
      this.#options.onConnection('lost');
      this.#open();
    }
    this.#arm();
  }
}
