import type { BenchSite } from './bench-site.ts';

/** When an operator's client first heard of the boards of a crowd; milliseconds since the epoch. */
export class CrowdWatch {
  /** By MAC address: any row that has it. */
  readonly seen = new Map<string, number>();
  /** By device id: the row of the key itself. */
  readonly enrolled = new Map<string, number>();
  /** By device id: the row says Ready. */
  readonly ready = new Map<string, number>();
  readonly #stop = new AbortController();
  #watching: Promise<void> = Promise.resolve();

  start({ client, signal }: BenchSite): void {
    this.#watching = this.#follow(client.events(AbortSignal.any([this.#stop.signal, signal])));
    this.#watching.catch(() => undefined);
  }

  /** @throws UsherError when the stream of events failed for good */
  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#watching;
  }

  async #follow(events: ReturnType<BenchSite['client']['events']>): Promise<void> {
    for await (const { event } of events) {
      const rows = event.type === 'device' ? [event.device] : event.type === 'snapshot' ? event.devices : [];
      const nowMs = Date.now();
      for (const { id, macs, stage } of rows) {
        for (const mac of macs) if (!this.seen.has(mac)) this.seen.set(mac, nowMs);
        if (!this.enrolled.has(id)) this.enrolled.set(id, nowMs);
        if (stage === 'Ready' && !this.ready.has(id)) this.ready.set(id, nowMs);
      }
    }
  }
}
