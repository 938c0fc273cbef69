import { timingSafeEqual, X509Certificate } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { Agent, request } from 'node:https';
import { TLSSocket } from 'node:tls';
import type { z } from 'zod';
import { isUsherError, messageOf, UsherError } from '../../../foundation/errors.ts';
import { systemRandom } from '../../../foundation/random.ts';
import type { Secret } from '../../../foundation/secret.ts';
import { ClaimAnswer, ClaimChallenge, REGISTRAR_NAME, type DeviceHello } from '../../../join/protocol/messages.ts';
import { scramCrypto } from '../../../join/protocol/scram-crypto.ts';
import {
  clientFinal,
  clientFirst,
  EXPORTER_BYTES,
  EXPORTER_LABEL,
  isServerProven,
  nonceOf,
  TLS_EXPORTER,
  tlsExporter,
} from '../../../join/protocol/scram.ts';
import { refused } from '../core/refusal.ts';
import type { DeviceIdentity } from './device-key.ts';
import { tlsOptions } from './enrol-client.ts';
import { parseJson } from './state-file.ts';

export interface ClaimProofOptions {
  /** `https://host:port` */
  readonly origin: string;
  /** The CA that is believed; none before the first proof. */
  readonly caPem: string | undefined;
  readonly identity: DeviceIdentity;
  readonly code: Secret;
  readonly hello: DeviceHello;
  /** Whether there is a further code to try if this one is not the one that was entered. */
  readonly more: boolean;
}

const REPLY_TIMEOUT_MS = 9_000;
const LARGEST_REPLY_BYTES = 32 * 1024;
const NONCE_BYTES = 18;

interface Reply {
  readonly body: unknown;
  readonly socket: TLSSocket;
}

/**
 * Proves the claim code to the appliance and has the appliance prove that it knows it too: SCRAM-SHA-256-PLUS, bound to
 * the one TLS connection that carries both requests, so that whoever stands in between can pass nothing on. Gives the
 * CA (PEM) to pin, which has signed the certificate at the other end of that connection.
 * @throws UsherError APPLIANCE_UNPROVEN, APPLIANCE_REFUSED, APPLIANCE_REPLY_INVALID, NO_APPLIANCE_FOUND
 */
export async function proveClaimCode(options: ClaimProofOptions): Promise<string> {
  const { origin, caPem, identity } = options;
  const agent = new Agent({ keepAlive: true, maxSockets: 1, ...tlsOptions({ caPem, identity }) });
  try {
    return await prove(options, agent);
  } catch (error) {
    if (isUsherError(error)) throw error;
    throw new UsherError('NO_APPLIANCE_FOUND', { tried: `${origin} (${messageOf(error)})` }, { cause: error });
  } finally {
    agent.destroy();
  }
}

async function prove({ origin, identity, code, hello, more }: ClaimProofOptions, agent: Agent): Promise<string> {
  const crypto = scramCrypto(timingSafeEqual);
  const nonce = nonceOf(systemRandom.bytes(NONCE_BYTES));
  const first = clientFirst(TLS_EXPORTER, identity.deviceId, nonce);
  const post = (step: string, body: unknown): Promise<Reply> =>
    send(new URL(`/enroll/v1/claim/${step}`, origin), agent, body);
  const begun = await post('first', { v: 1, data: first.text, hello });
  const binding = tlsExporter(begun.socket.exportKeyingMaterial(EXPORTER_BYTES, EXPORTER_LABEL, Buffer.alloc(0)));
  const serverFirst = shaped(begun.body, ClaimChallenge).data;
  const final = await clientFinal(crypto, { password: code, binding, first, serverFirst });
  if ('failure' in final) throw unproven(origin, 'it asks for something that no appliance of ours asks for');
  const ended = await post('final', { v: 1, data: final.text, ...(more ? { more } : {}) });
  const { data, caPem } = shaped(ended.body, ClaimAnswer);
  if (ended.socket !== begun.socket) throw unproven(origin, 'it changed the connection');
  if (!isServerProven(crypto, data, final.serverFinal)) throw unproven(origin, 'its proof is wrong');
  if (!isSignedBy(caPem, ended.socket)) throw unproven(origin, 'its certificate is not of the CA that it names');
  return caPem;
}

/** Whether this CA signed the certificate at the other end, and that is one of a registrar. */
function isSignedBy(caPem: string, socket: TLSSocket): boolean {
  const leaf = socket.getPeerX509Certificate();
  if (leaf === undefined) return false;
  try {
    const ca = new X509Certificate(caPem);
    const isOfRegistrar = leaf.checkHost(REGISTRAR_NAME) !== undefined;
    return ca.ca && isOfRegistrar && leaf.checkIssued(ca) && leaf.verify(ca.publicKey);
  } catch (error) {
    // What cannot be read vouches for nobody.
    if (error instanceof Error) return false;
    throw error;
  }
}

async function send(url: URL, agent: Agent, body: unknown): Promise<Reply> {
  const bytes = Buffer.from(JSON.stringify(body));
  const headers = { 'content-type': 'application/json', 'content-length': bytes.length };
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    const options = { method: 'POST', agent, headers, signal: AbortSignal.timeout(REPLY_TIMEOUT_MS) };
    request(url, options, resolve)
      .once('close', () => reject(closed(url)))
      .on('error', reject)
      .end(bytes);
  });
  const { socket } = response;
  if (!(socket instanceof TLSSocket)) throw closed(url);
  const parsed = parseJson(await textOf(response, url));
  const status = response.statusCode ?? 0;
  if (status < 200 || status > 299) throw refused(status, parsed);
  return { body: parsed, socket };
}

async function textOf(response: IncomingMessage, url: URL): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > LARGEST_REPLY_BYTES) throw invalidReply(`${url.pathname} is too large`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function shaped<T>(body: unknown, schema: z.ZodType<T>): T {
  const parsed = schema.safeParse(body);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw invalidReply(`${issue?.path.join('.') ?? ''}: ${issue?.message ?? ''}`);
}

function closed(url: URL): UsherError {
  return new UsherError('NO_APPLIANCE_FOUND', { tried: `${url.origin} (it closed the connection)` });
}

function invalidReply(detail: string): UsherError {
  return new UsherError('APPLIANCE_REPLY_INVALID', { what: 'the proof of a claim code', detail });
}

function unproven(url: string, detail: string): UsherError {
  return new UsherError('APPLIANCE_UNPROVEN', { url, detail });
}
