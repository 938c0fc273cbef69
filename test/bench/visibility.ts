import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { UsherError } from '../../foundation/errors.ts';
import { SWITCH } from '../../lab/core/names.ts';
import { type BenchSite, untilFound } from './bench-site.ts';

const READY_LIMIT_MS = 10_000;
const VISIBLE_LIMIT_MS = 20_000;

/**
 * From a machine's first DHCP packet on the switch (the kernel's timestamp) to the first `device` event with its address
 * at a client of the operators' API, once for each of `count` boards never seen before.
 * @returns milliseconds
 * @throws UsherError TIMED_OUT, TOOL_FAILED (no capture), STOPPED
 */
export async function measureVisibility(
  bench: BenchSite,
  count: number,
  say: (line: string) => void,
): Promise<number[]> {
  const capture = await DhcpCapture.start(bench);
  const ended = new AbortController();
  const events = new Map<string, number>();
  const watching = noteEvents(bench, events, AbortSignal.any([ended.signal, bench.signal]));
  const samples: number[] = [];
  try {
    for (let number = 1; number <= count; number += 1) {
      const sample = await sampleOf(bench, `seen-${String(number)}`, capture, events);
      samples.push(sample);
      say(`visible ${String(number)}/${String(count)}: ${sample.toFixed(1)} ms`);
    }
  } finally {
    ended.abort();
    capture.stop();
    await watching;
  }
  return samples;
}

async function sampleOf(
  { site: { lab }, signal }: BenchSite,
  name: string,
  capture: DhcpCapture,
  events: ReadonlyMap<string, number>,
): Promise<number> {
  const { mac } = (await lab.addPi({ name })).spec;
  await lab.plug(name);
  const visibleMs = await untilFound(`event of ${mac}`, VISIBLE_LIMIT_MS, signal, () =>
    Promise.resolve(events.get(mac)),
  );
  const packetMs = await untilFound(`packet of ${mac}`, VISIBLE_LIMIT_MS, signal, () =>
    Promise.resolve(capture.firstMs(mac)),
  );
  await lab.kill(name);
  return visibleMs - packetMs;
}

/** Notes when the first event about each address came in. */
async function noteEvents({ client }: BenchSite, seen: Map<string, number>, signal: AbortSignal): Promise<void> {
  for await (const { event } of client.events(signal)) {
    if (event.type !== 'device') continue;
    const nowMs = Date.now();
    for (const mac of event.device.macs) if (!seen.has(mac)) seen.set(mac, nowMs);
  }
}

/** tcpdump on the switch, noting each board's first DHCP packet. */
class DhcpCapture {
  readonly #first = new Map<string, number>();
  readonly #stop: () => void;
  #isListening = false;
  #ended = '';

  private constructor(namespacePath: string) {
    const args = ['-i', 'br.lan', '-n', '-e', '-tt', '-l', '--immediate-mode', 'udp src port 68'];
    const child = spawn('setpriv', ['--pdeathsig', 'KILL', 'nsenter', `--net=${namespacePath}`, 'tcpdump', ...args], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.#stop = () => void child.kill('SIGKILL');
    createInterface({ input: child.stdout }).on('line', (line) => this.#note(line));
    createInterface({ input: child.stderr }).on('line', (line) => {
      this.#isListening ||= line.startsWith('listening on');
      this.#ended = line;
    });
    child.once('error', (error) => (this.#ended = error.message));
  }

  /** @throws UsherError TOOL_FAILED when it does not listen in time */
  static async start({ site, signal }: BenchSite): Promise<DhcpCapture> {
    const capture = new DhcpCapture(site.lab.namespacePath(SWITCH));
    try {
      await untilFound('tcpdump', READY_LIMIT_MS, signal, () => Promise.resolve(capture.#isListening || undefined));
    } catch (error) {
      capture.stop();
      throw new UsherError('TOOL_FAILED', { tool: 'tcpdump', detail: capture.#ended }, { cause: error });
    }
    return capture;
  }

  /** The kernel's timestamp of the first DHCP packet from this address, in milliseconds since the epoch. */
  firstMs(mac: string): number | undefined {
    return this.#first.get(mac);
  }

  stop(): void {
    this.#stop();
  }

  #note(line: string): void {
    const [, seconds = '', mac = ''] = /^(\d+\.\d+) ([0-9a-f:]{17}) > /.exec(line) ?? [];
    if (mac !== '' && !this.#first.has(mac)) this.#first.set(mac, Number(seconds) * 1000);
  }
}
