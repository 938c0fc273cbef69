import type { Secret } from '../../foundation/secret.ts';

// SCRAM (RFC 5802) with channel binding, both roles. What is computed comes from outside as ScramCrypto; here are the
// messages and what they must hold.

export type Bytes = Uint8Array<ArrayBuffer>;

/** The primitives of SCRAM for one hash function. */
export interface ScramCrypto {
  /** H() */
  hash(data: Bytes): Promise<Bytes>;
  /** HMAC() */
  hmac(key: Bytes, data: Bytes): Promise<Bytes>;
  /** Hi(): PBKDF2 with this hash, as many bytes as it gives. */
  derive(password: Secret, salt: Bytes, iterations: number): Promise<Bytes>;
  /** Compares without telling by its duration how much agrees. */
  isEqual(one: Bytes, other: Bytes): boolean;
}

/** What ties the exchange to the connection that carries it. */
export interface ChannelBinding {
  /** The GS2 header, for instance `p=tls-exporter,,`. */
  header: string;
  data: Bytes;
}

/** Of what a server keeps in place of the password (RFC 5802 section 3). */
export interface ScramVerifier {
  salt: Bytes;
  iterations: number;
  storedKey: Bytes;
  serverKey: Bytes;
}

/** A client-first-message, taken apart. */
export interface ClientFirst {
  header: string;
  username: string;
  nonce: string;
  /** client-first-message-bare */
  bare: string;
}

/** Names of RFC 5802 section 7, server-error-value. */
export type ScramFailure = 'invalid-encoding' | 'channel-bindings-dont-match' | 'invalid-proof' | 'other-error';
export type ScramOutcome = { text: string } | { failure: ScramFailure };

/** RFC 9266: the label and the length of the keying material that both ends of a TLS 1.3 connection can export. */
export const EXPORTER_LABEL = 'EXPORTER-Channel-Binding';
export const EXPORTER_BYTES = 32;
/** The only GS2 header that is spoken here. */
export const TLS_EXPORTER = 'p=tls-exporter,,';
/** RFC 7677 section 4 asks for 4096 at least; a device accepts no less than half of ours. */
export const SERVER_ITERATIONS = 100_000;
const FEWEST_ITERATIONS = 50_000;
const MOST_ITERATIONS = 1_000_000;
const SHORTEST_NONCE = 16;

const CLIENT_FIRST = /^([nyp](?:=[A-Za-z0-9.-]+)?,,)(n=([^,=]{1,64}),r=([!-+\--~]{8,128}))$/;
const SERVER_FIRST = /^r=([!-+\--~]{8,256}),s=([A-Za-z0-9+/=]{4,128}),i=([1-9][0-9]{0,8})$/;
const CLIENT_FINAL = /^(c=([A-Za-z0-9+/=]{4,256}),r=([!-+\--~]{8,256})),p=([A-Za-z0-9+/=]{4,128})$/;
const SERVER_FINAL = /^v=([A-Za-z0-9+/=]{4,128})$/;

/** The channel binding that this protocol demands (RFC 9266). @param data 32 exported bytes of the connection */
export function tlsExporter(data: Uint8Array): ChannelBinding {
  return { header: TLS_EXPORTER, data: new Uint8Array(data) };
}

/** Whether the client binds itself to the TLS connection; there is no falling back to less. */
export function isBoundToTls({ header }: Pick<ClientFirst, 'header'>): boolean {
  return header === TLS_EXPORTER;
}

/** A new nonce of 128 bits or more. */
export function nonceOf(randomBytes: Uint8Array): string {
  return toBase64(randomBytes);
}

// --- client ----------------------------------------------------------------------------------------------------------

/** The client-first-message. */
export function clientFirst(header: string, username: string, nonce: string): ClientFirst & { text: string } {
  const bare = `n=${username},r=${nonce}`;
  return { header, username, nonce, bare, text: header + bare };
}

/**
 * The client-final-message, and the server-final-message that only a server that knows the password can send. Fails for
 * a server-first-message that repeats our nonce wrongly or asks for too few or too many iterations.
 */
export async function clientFinal(
  crypto: ScramCrypto,
  exchange: { password: Secret; binding: ChannelBinding; first: ClientFirst; serverFirst: string },
): Promise<{ text: string; serverFinal: string } | { failure: ScramFailure }> {
  const { password, binding, first, serverFirst } = exchange;
  const [, nonce = '', salt = '', iterations = ''] = SERVER_FIRST.exec(serverFirst) ?? [];
  const saltBytes = fromBase64(salt);
  const isFresh = nonce.startsWith(first.nonce) && nonce.length >= first.nonce.length + SHORTEST_NONCE;
  if (!isFresh || saltBytes === undefined) return { failure: 'other-error' };
  const rounds = Number(iterations);
  if (rounds < FEWEST_ITERATIONS || rounds > MOST_ITERATIONS) return { failure: 'other-error' };
  return await computeFinal(crypto, { password, binding, first, serverFirst, nonce, salt: saltBytes, rounds });
}

/** As {@link clientFinal}, whatever the number of iterations and the server's part of the nonce. */
export async function computeFinal(
  crypto: ScramCrypto,
  exchange: {
    password: Secret;
    binding: ChannelBinding;
    first: ClientFirst;
    serverFirst: string;
    nonce: string;
    salt: Bytes;
    rounds: number;
  },
): Promise<{ text: string; serverFinal: string }> {
  const { password, binding, first, serverFirst, nonce, salt, rounds } = exchange;
  const { clientKey, storedKey, serverKey } = await keysOf(crypto, password, salt, rounds);
  const withoutProof = `c=${toBase64(boundBytes(binding))},r=${nonce}`;
  const message = utf8(`${first.bare},${serverFirst},${withoutProof}`);
  const proof = xor(clientKey, await crypto.hmac(storedKey, message));
  const serverFinal = `v=${toBase64(await crypto.hmac(serverKey, message))}`;
  return { text: `${withoutProof},p=${toBase64(proof)}`, serverFinal };
}

/** Whether the server proved itself. @param expected `serverFinal` of {@link clientFinal} */
export function isServerProven(crypto: Pick<ScramCrypto, 'isEqual'>, received: string, expected: string): boolean {
  const [one, other] = [SERVER_FINAL.exec(received)?.[1], SERVER_FINAL.exec(expected)?.[1]];
  const [signature, wanted] = [fromBase64(one ?? ''), fromBase64(other ?? '')];
  if (signature === undefined || wanted === undefined || signature.length !== wanted.length) return false;
  return crypto.isEqual(signature, wanted);
}

// --- server ----------------------------------------------------------------------------------------------------------

/** What the server keeps of a password. */
export async function verifierOf(
  crypto: ScramCrypto,
  password: Secret,
  salt: Uint8Array,
  iterations: number = SERVER_ITERATIONS,
): Promise<ScramVerifier> {
  const saltBytes = new Uint8Array(salt);
  const { storedKey, serverKey } = await keysOf(crypto, password, saltBytes, iterations);
  return { salt: saltBytes, iterations, storedKey, serverKey };
}

/** The client-first-message; undefined when it is none. */
export function parseClientFirst(text: string): ClientFirst | undefined {
  const [whole, header = '', bare = '', username = '', nonce = ''] = CLIENT_FIRST.exec(text) ?? [];
  return whole === undefined ? undefined : { header, username, nonce, bare };
}

/** The server-first-message. @param nonce the server's own part */
export function serverFirst(first: ClientFirst, verifier: ScramVerifier, nonce: string): string {
  return `r=${first.nonce}${nonce},s=${toBase64(verifier.salt)},i=${String(verifier.iterations)}`;
}

/** Checks the client-final-message and gives the server-final-message, or what is wrong. */
export async function answerFinal(
  crypto: ScramCrypto,
  exchange: { first: ClientFirst; serverFirst: string; binding: ChannelBinding; verifier: ScramVerifier; text: string },
): Promise<ScramOutcome> {
  const { first, serverFirst: said, binding, verifier, text } = exchange;
  const [whole, withoutProof = '', bound = '', nonce = '', proof = ''] = CLIENT_FINAL.exec(text) ?? [];
  const [boundTo, clientProof] = [fromBase64(bound), fromBase64(proof)];
  if (whole === undefined || boundTo === undefined || clientProof === undefined) return { failure: 'invalid-encoding' };
  if (!said.startsWith(`r=${nonce},`)) return { failure: 'other-error' };
  const wanted = boundBytes(binding);
  if (boundTo.length !== wanted.length || !crypto.isEqual(boundTo, wanted)) {
    return { failure: 'channel-bindings-dont-match' };
  }
  const message = utf8(`${first.bare},${said},${withoutProof}`);
  const signature = await crypto.hmac(verifier.storedKey, message);
  if (clientProof.length !== signature.length) return { failure: 'invalid-proof' };
  const storedKey = await crypto.hash(xor(clientProof, signature));
  if (!crypto.isEqual(storedKey, verifier.storedKey)) return { failure: 'invalid-proof' };
  return { text: `v=${toBase64(await crypto.hmac(verifier.serverKey, message))}` };
}

async function keysOf(
  crypto: ScramCrypto,
  password: Secret,
  salt: Bytes,
  iterations: number,
): Promise<{ clientKey: Bytes; storedKey: Bytes; serverKey: Bytes }> {
  const salted = await crypto.derive(password, salt, iterations);
  const clientKey = await crypto.hmac(salted, utf8('Client Key'));
  return {
    clientKey,
    storedKey: await crypto.hash(clientKey),
    serverKey: await crypto.hmac(salted, utf8('Server Key')),
  };
}

/** cbind-input: GS2 header and channel binding data. */
function boundBytes({ header, data }: ChannelBinding): Bytes {
  const text = utf8(header);
  const bytes = new Uint8Array(text.length + data.length);
  bytes.set(text);
  bytes.set(data, text.length);
  return bytes;
}

function xor(one: Bytes, other: Bytes): Bytes {
  return one.map((byte, index) => byte ^ (other[index] ?? 0));
}

function utf8(text: string): Bytes {
  return new TextEncoder().encode(text);
}

function toBase64(bytes: Uint8Array): string {
  return btoa(String.fromCharCode(...bytes));
}

/** RFC 4648 section 4, strictly; undefined for anything else. */
function fromBase64(text: string): Bytes | undefined {
  if (!/^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/.test(text) || text === '') return undefined;
  return Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
}
