import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { get } from 'node:https';
import { isIP } from 'node:net';
import { connect, type PeerCertificate } from 'node:tls';
import { CliFile } from '../../api/core/cli-file.ts';
import { UsherError } from '../../foundation/errors.ts';

const LIMIT_MS = 5000;

/**
 * The certificate that a new connection to loopback is shown, by a client that believes `ca` alone; rejects when it does
 * not believe it.
 */
export async function shownTo(port: number, host: string, ca: string): Promise<PeerCertificate> {
  const servername = isIP(host) === 0 ? { servername: host } : {};
  const socket = connect({ host: isIP(host) === 0 ? '127.0.0.1' : host, port, ca, ...servername });
  try {
    await once(socket, 'secureConnect', { signal: AbortSignal.timeout(LIMIT_MS) });
    return socket.getPeerCertificate();
  } finally {
    socket.destroy();
  }
}

export interface Follower {
  /** Resolves once the stream, from its beginning, has this text; rejects when it ends before. */
  hears(text: string): Promise<void>;
  close(): void;
}

/** Follows what happens, with what a `cli.json` says, over one connection, which is never opened again. */
export async function follow(cliFile: string): Promise<Follower> {
  const { url, caPem, token } = CliFile.parse(JSON.parse(await readFile(cliFile, 'utf8')));
  const options = { headers: { authorization: `Bearer ${token}` }, ca: caPem, agent: false as const };
  const outgoing = get(`${url}/api/v1/events`, options);
  let heard = '';
  let end: unknown;
  const wake = new EventTarget();
  const tell = (): boolean => wake.dispatchEvent(new Event('news'));
  outgoing.on('error', (error) => {
    end = error;
    tell();
  });
  outgoing.on('response', (reply) => {
    reply.setEncoding('utf8').on('data', (text: string) => {
      heard += text;
      tell();
    });
    reply.on('close', () => {
      end ??= 'closed';
      tell();
    });
  });
  const hears = async (text: string): Promise<void> => {
    const limit = AbortSignal.timeout(LIMIT_MS);
    while (!heard.includes(text)) {
      if (end !== undefined) throw new UsherError('INTERNAL', { detail: 'the stream has ended' }, { cause: end });
      if (limit.aborted) throw new UsherError('TIMED_OUT', { what: text, limitMs: LIMIT_MS });
      await Promise.race([once(wake, 'news'), once(limit, 'abort')]);
    }
  };
  await hears('"snapshot"');
  return { hears, close: () => outgoing.destroy() };
}
