// Runs inside the namespace of the flooding machine, which has a whole network of addresses (flood.ts).
import { connect as connectTcp, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { setTimeout as delay } from 'node:timers/promises';
import { makeIdentity, type DeviceIdentity } from '../../../bootstrap-image/agent/adapters/device-key.ts';
import { EnrolClient } from '../../../bootstrap-image/agent/adapters/enrol-client.ts';
import { asUsherError } from '../../../foundation/errors.ts';
import { REGISTRAR_NAME, type DeviceHello } from '../../../join/protocol/messages.ts';
import { FloodMessage, type FloodOrder, type FloodReport } from './flood-messages.ts';

type Order<T extends FloodOrder['do']> = Extract<FloodOrder, { do: T }>;
type Where = Omit<FloodMessage, 'id' | 'order'>;
type Result = Omit<FloodReport, 'id'>;

const STALL_LIMIT_MS = 60_000;
/** Connections above the limit of all addresses together are closed at once: an attacker tries again. */
const TRIES = 40;

class Outcomes {
  readonly #counts = new Map<string, number>();
  add(outcome: string): void {
    this.#counts.set(outcome, (this.#counts.get(outcome) ?? 0) + 1);
  }
  report(): Result {
    return { outcomes: Object.fromEntries(this.#counts) };
  }
}

process.on('message', (message) => {
  const { id, order, ...where } = FloodMessage.parse(message);
  void carryOut(order, where).then((result) => process.send?.({ id, ...result }));
});
process.on('disconnect', () => process.exit(0));

function carryOut(order: FloodOrder, where: Where): Promise<Result> {
  if (order.do === 'fresh-keys') return freshKeys(order, where);
  if (order.do === 'one-key') return oneKey(order, where);
  if (order.do === 'stall') return stall(order, where);
  return bigBody(order, where);
}

function addressOf(number: number): string {
  return `10.78.${String(1 + Math.floor(number / 250))}.${String(1 + (number % 250))}`;
}

function helloOf({ deviceId }: DeviceIdentity): DeviceHello {
  const serial = deviceId.slice(0, 16);
  const hw = { macs: [], arch: 'arm64', serial, model: 'Raspberry Pi 5 Model B Rev 1.0' };
  return { v: 1, id: deviceId, agent: '1.0.0', bootId: 'flood', hw, evidence: { type: 'none' } };
}

function clientOf({ caPem, host, port }: Where, identity: DeviceIdentity, localAddress: string): EnrolClient {
  return new EnrolClient({ origin: `https://${host}:${String(port)}`, caPem, identity, localAddress });
}

/** The state that a hello gets, or the code with which it is refused. */
async function outcomeOf(hello: Promise<{ state: string }>): Promise<string> {
  try {
    return (await hello).state;
  } catch (error) {
    const { code, params } = asUsherError(error);
    return code === 'APPLIANCE_REFUSED' ? String(params['refusal']) : code;
  }
}

async function freshKeys({ from, keys, perAddress, parallel }: Order<'fresh-keys'>, where: Where): Promise<Result> {
  const outcomes = new Outcomes();
  let next = from;
  const attacker = async (): Promise<void> => {
    while (next < from + keys) {
      const number = next;
      next += 1;
      const identity = makeIdentity();
      const client = clientOf(where, identity, addressOf(Math.floor(number / perAddress)));
      let outcome = await outcomeOf(client.hello(helloOf(identity)));
      for (let again = 1; again < TRIES && perAddress < 20 && outcome === 'NO_APPLIANCE_FOUND'; again += 1) {
        await delay(250);
        outcome = await outcomeOf(client.hello(helloOf(identity)));
      }
      outcomes.add(outcome);
      client.close();
    }
  };
  await Promise.all(Array.from({ length: parallel }, attacker));
  return outcomes.report();
}

async function oneKey({ hellos }: Order<'one-key'>, where: Where): Promise<Result> {
  const outcomes = new Outcomes();
  const identity = makeIdentity();
  const client = clientOf(where, identity, '10.78.200.1');
  let left = hellos;
  const attacker = async (): Promise<void> => {
    while (left > 0) {
      left -= 1;
      outcomes.add(await outcomeOf(client.hello(helloOf(identity))));
    }
  };
  await Promise.all(Array.from({ length: 8 }, attacker));
  client.close();
  return outcomes.report();
}

async function stall({ at, connections }: Order<'stall'>, where: Where): Promise<Result> {
  const outcomes = new Outcomes();
  const one = async (number: number): Promise<void> => {
    const socket = await open(at !== 'handshake', where, `10.78.201.${String(1 + (number % 10))}`);
    const begin = at === 'headers' ? '' : 'Content-Type: application/json\r\nContent-Length: 9000\r\n\r\n{';
    if (at !== 'handshake') socket.write(`POST /enroll/v1/hello HTTP/1.1\r\nHost: x\r\n${begin}`);
    // One byte now and then, so that no timeout of a silent connection helps.
    const drip = setInterval(() => at !== 'handshake' && socket.write(at === 'headers' ? 'X-Slow: 1\r\n' : ' '), 1000);
    const closed = heard(socket, 'close').then(() => 'closed');
    outcomes.add(await Promise.race([closed, delay(STALL_LIMIT_MS, 'open')]));
    clearInterval(drip);
    socket.destroy();
  };
  await Promise.all(Array.from({ length: connections }, (_, number) => one(number)));
  return outcomes.report();
}

async function bigBody({ bytes, chunked }: Order<'big-body'>, where: Where): Promise<Result> {
  const outcomes = new Outcomes();
  const socket = await open(true, where, '10.78.202.1');
  let reply = '';
  let sentBytes = 0;
  socket.on('data', (chunk: Buffer) => (reply += chunk.toString()));
  const closed = heard(socket, 'close');
  const length = chunked ? 'Transfer-Encoding: chunked' : `Content-Length: ${String(bytes)}`;
  socket.write(`POST /enroll/v1/hello HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n${length}\r\n\r\n`);
  const block = Buffer.alloc(64 * 1024, 0x20);
  while (sentBytes < bytes && !socket.destroyed && socket.writable) {
    if (chunked) socket.write(`${block.length.toString(16)}\r\n`);
    const flows = socket.write(block);
    if (chunked) socket.write('\r\n');
    sentBytes += block.length;
    if (!flows) await Promise.race([heard(socket, 'drain'), closed, delay(5000)]);
  }
  await Promise.race([closed, delay(30_000)]);
  socket.destroy();
  outcomes.add(/^HTTP\/1\.1 (\d+)/.exec(reply)?.[1] ?? 'closed');
  return { ...outcomes.report(), sentBytes };
}

/** A connection, with TLS and a device's certificate if need be. Its errors are part of the game. */
async function open(tls: boolean, { caPem, host, port }: Where, localAddress: string): Promise<Socket> {
  const { certificatePem, privateKeyPem } = makeIdentity();
  const credentials = { ca: caPem, cert: certificatePem, key: privateKeyPem.reveal(), servername: REGISTRAR_NAME };
  const bare = connectTcp({ host, port, localAddress });
  bare.on('error', () => undefined);
  const socket = tls ? connectTls({ socket: bare, ...credentials }) : bare;
  socket.on('error', () => undefined);
  await Promise.race([heard(socket, tls ? 'secureConnect' : 'connect'), heard(socket, 'close')]);
  return socket;
}

/** Resolves at the event, or at once when the socket is closed already; an error is no matter. */
function heard(socket: Socket, event: string): Promise<void> {
  return new Promise((resolve) => {
    if (socket.closed) resolve();
    else socket.once(event, () => resolve());
  });
}
