import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { request } from 'node:https';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { UsherError } from '../../../foundation/errors.ts';
import { freePort } from '../free-port.ts';
import { issue } from '../test-authority.ts';

const START_MS = 20_000;

export interface Pebble {
  /** URL of its directory. */
  url: string;
  /** Who vouches for Pebble itself, PEM. */
  caPem: string;
  /** Where it looks for answers to http-01 challenges. */
  challengePort: number;
  /** What it said. */
  log: readonly string[];
  /** The root of what it issues, PEM: another one at each start. */
  rootPem(): Promise<string>;
  stop(): Promise<void>;
}

/**
 * Starts Pebble on loopback as it is by default: it refuses one nonce in twenty, and takes half of the known
 * authorizations anew. Names are resolved by a DNS server of the test's own, all to 127.0.0.1.
 * @param options.port of the directory, for one that comes back
 */
export async function startPebble(program: string, options: { port?: number } = {}): Promise<Pebble> {
  const folder = await mkdtemp(join(tmpdir(), 'usher-pebble-'));
  const authority = await issue('acme server', { isAuthority: true });
  const own = await issue('pebble', { names: ['localhost', '127.0.0.1'], issuer: authority });
  const dns = await loopbackDns();
  const [port, managementPort, challengePort] = [
    options.port ?? (await freePort()),
    await freePort(),
    await freePort(),
  ];
  const paths = { certificate: join(folder, 'cert.pem'), privateKey: join(folder, 'key.pem') };
  const settings = {
    ...paths,
    listenAddress: `127.0.0.1:${String(port)}`,
    managementListenAddress: `127.0.0.1:${String(managementPort)}`,
    httpPort: challengePort,
    tlsPort: await freePort(),
    ocspResponderURL: '',
    externalAccountBindingRequired: false,
    profiles: { default: { description: 'a day', validityPeriod: 86_400 } },
  };
  await writeFile(paths.certificate, own.cert);
  await writeFile(paths.privateKey, own.key);
  await writeFile(join(folder, 'config.json'), JSON.stringify({ pebble: settings }));
  const child = spawn(program, ['-config', join(folder, 'config.json'), '-dnsserver', dns.address], {
    // It would sleep for up to five seconds before it looks at a challenge.
    env: { ...process.env, PEBBLE_VA_NOSLEEP: '1' },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const log: string[] = [];
  const listening = Promise.withResolvers<undefined>();
  for (const stream of [child.stdout, child.stderr]) {
    createInterface({ input: stream }).on('line', (line) => {
      log.push(line);
      if (line.includes('ACME directory available')) listening.resolve(undefined);
    });
  }
  const ended = once(child, 'close');
  void ended.then(() => listening.reject(new UsherError('TOOL_FAILED', { tool: 'pebble', detail: log.join('\n') })));
  await Promise.race([listening.promise, timeLimit('pebble', START_MS)]);
  const management = `https://127.0.0.1:${String(managementPort)}/roots/0`;
  return {
    url: `https://localhost:${String(port)}/dir`,
    caPem: authority.cert,
    challengePort,
    log,
    rootPem: () => fetchText(management, authority.cert),
    stop: async () => {
      child.kill();
      await ended;
      dns.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/**
 * Answers every question for an IPv4 address with 127.0.0.1, and all others with "there is none" (RFC 1035, over TCP as
 * Pebble asks: section 4.2.2).
 */
async function loopbackDns(): Promise<{ address: string; close: () => void }> {
  const server = createServer((socket) => {
    let read = Buffer.alloc(0);
    socket.on('error', () => socket.destroy());
    socket.on('data', (chunk) => {
      read = Buffer.concat([read, chunk]);
      while (read.length >= 2 && read.length >= 2 + read.readUInt16BE(0)) {
        const reply = answerTo(read.subarray(2, 2 + read.readUInt16BE(0)));
        read = read.subarray(2 + read.readUInt16BE(0));
        socket.write(Buffer.concat([Buffer.from([reply.length >> 8, reply.length & 0xff]), reply]));
      }
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return { address: `127.0.0.1:${String(port)}`, close: () => server.close() };
}

function answerTo(query: Buffer): Buffer {
  const end = query.indexOf(0, 12) + 5;
  const isForAddress = query.readUInt16BE(end - 4) === 1;
  const header = Buffer.from([0x81, 0x80, 0, 1, 0, isForAddress ? 1 : 0, 0, 0, 0, 0]);
  const answer = Buffer.from([0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4, 127, 0, 0, 1]);
  return Buffer.concat([query.subarray(0, 2), header, query.subarray(12, end), ...(isForAddress ? [answer] : [])]);
}

async function fetchText(url: string, ca: string): Promise<string> {
  const outgoing = request(url, { ca, timeout: 5000 }).end();
  const [reply] = (await once(outgoing, 'response')) as [AsyncIterable<Buffer>];
  const chunks: Buffer[] = [];
  for await (const chunk of reply) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
}

function timeLimit(what: string, limitMs: number): Promise<never> {
  return new Promise((_resolve, reject) => {
    setTimeout(() => reject(new UsherError('TIMED_OUT', { what, limitMs })), limitMs).unref();
  });
}
