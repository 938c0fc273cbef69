import { Socket } from 'node:net';
import { TLSSocket } from 'node:tls';
import { connect, type IPublishPacket, type MqttClient } from 'mqtt';
import type { Clock } from '../../foundation/clock.ts';
import { UsherError } from '../../foundation/errors.ts';
import { commandLifeMs, judgeCommand, rememberCommand, type SeenCommands } from '../core/command-guard.ts';
import { brokerAddress } from './broker-address.ts';
import { DeliveryBound } from './delivery-bound.ts';
import type { ServiceEnvironment } from './environment.ts';
import type { Role } from './grant-keeper.ts';

/** A command that was found good: for this holder, alive, and new. */
export interface Command {
  readonly unit: string;
  readonly epoch: number;
  readonly commandId: string;
  readonly topic: string;
  readonly payload: Uint8Array;
  /** CLOCK_MONOTONIC; after this it must not be begun any more. */
  readonly expiresAtMs: number;
}

export interface Message {
  readonly topic: string;
  readonly payload: Uint8Array;
  /** MQTT 5 user properties, each name once. */
  readonly properties: Readonly<Record<string, string>>;
}

export type CommandHandler = (command: Command) => void;
export type MessageHandler = (message: Message) => void;

export interface BrokerOptions {
  readonly environment: ServiceEnvironment & { readonly brokerUrl: string };
  readonly clock: Clock;
  readonly roleOf: (unit: string) => Role | undefined;
  readonly onCommand: CommandHandler | undefined;
  readonly onMessage: MessageHandler | undefined;
  readonly onError: (error: unknown) => void;
}

const RECONNECT_MS = 500;
/** A connection that is silent for longer is looked at, and given up when half as long again brings no answer. */
const KEEPALIVE_SEC = 5;
/** The broker of a site confirms within milliseconds: after so long a message is stuck on its way. */
const STUCK_MS = 1_000;

/**
 * The service's topics on the site's broker (MQTT 5).
 *
 * INVARIANT: what was published without a connection, or in one that broke before the broker confirmed it, is never sent
 * later: by then another node may be active, and the message would carry an epoch that is over.
 */
export class Broker {
  readonly #options: BrokerOptions;
  readonly #client: MqttClient;
  /** Messages of QoS 1 and 2 that the broker has not confirmed yet, and when they were sent (CLOCK_MONOTONIC). */
  readonly #unconfirmed = new Map<number, number>();
  readonly #bound: DeliveryBound;
  #seen: SeenCommands = new Map();
  #isOpen = false;

  constructor(options: BrokerOptions) {
    this.#options = options;
    const { brokerUrl, namespace, service, node, podUid } = options.environment;
    this.#client = connect({
      ...brokerAddress(brokerUrl),
      protocolVersion: 5,
      clientId: `${namespace}.${service}.${node}.${podUid.slice(0, 8)}`,
      clean: true,
      reconnectPeriod: RECONNECT_MS,
      keepalive: KEEPALIVE_SEC,
      // What could not be sent in time is old; the next value comes soon.
      queueQoSZero: false,
    });
    this.#bound = new DeliveryBound(this.#client, options.clock);
    this.#client.on('error', options.onError);
    this.#client.on('connect', () => (this.#isOpen = true));
    this.#client.on('close', () => this.#forgetUnconfirmed());
    this.#client.on('message', (topic, payload, packet) => this.#take(topic, payload, packet));
    for (const { filter, qos = 1 } of options.environment.subscribe) {
      if (!filter.includes('{unit}')) this.#client.subscribe(filter, { qos });
    }
  }

  /** Listens on the unit's filters. */
  begin({ unit }: Role): void {
    for (const { filter, qos } of this.#filtersOf(unit)) this.#client.subscribe(filter, { qos });
  }

  /** Listens no more. What of the role is stuck on its way is taken back together with the connection. */
  end({ unit }: Role, reason: string): void {
    if (reason === 'expired' || this.#isStuck()) this.#breakOff();
    const filters = this.#filtersOf(unit).map(({ filter }) => filter);
    if (filters.length > 0 && !this.#client.disconnecting) this.#client.unsubscribe(filters);
  }

  /** @returns false when there is no connection: the message is dropped, since it would be old when there is one */
  publish({ unit, epoch }: Role, topic: string, payload: string | Uint8Array): boolean {
    const rule = this.#options.environment.publish.find((one) => one.topic === topic);
    if (rule === undefined) throw new UsherError('SERVICE_ENVIRONMENT_INVALID', { name: `USHER_PUBLISH (${topic})` });
    const { qos = 0, retain = false } = rule;
    const userProperties = { epoch: String(epoch), unit, node: this.#options.environment.node };
    const bytes = typeof payload === 'string' ? payload : Buffer.from(payload);
    if (!this.#isOpen) return false;
    const sent = { id: 0 };
    const options = { qos, retain, properties: { userProperties } };
    this.#client.publish(topic.replaceAll('{unit}', unit), bytes, options, () => {
      this.#unconfirmed.delete(sent.id);
    });
    if (qos === 0) return true;
    sent.id = this.#client.getLastMessageId();
    this.#unconfirmed.set(sent.id, this.#options.clock.nowMs());
    return true;
  }

  async close(): Promise<void> {
    this.#bound.stop();
    await this.#client.endAsync(!this.#client.connected);
  }

  #forgetUnconfirmed(): void {
    this.#isOpen = false;
    const ids = [...this.#unconfirmed.keys()];
    this.#unconfirmed.clear();
    for (const id of ids) this.#client.removeOutgoingMessage(id);
  }

  #isStuck(): boolean {
    const nowMs = this.#options.clock.nowMs();
    return [...this.#unconfirmed.values()].some((sentMs) => nowMs - sentMs > STUCK_MS);
  }

  /** With a reset, after which the kernel too sends nothing of what it still has; the client connects again by itself. */
  #breakOff(): void {
    const { stream } = this.#client;
    if (stream instanceof Socket && !(stream instanceof TLSSocket)) stream.resetAndDestroy();
    else stream.destroy();
  }

  #filtersOf(unit: string): { filter: string; qos: 0 | 1 | 2 }[] {
    return this.#options.environment.subscribe
      .filter(({ filter }) => filter.includes('{unit}'))
      .map(({ filter, qos = 1 }) => ({ filter: filter.replaceAll('{unit}', unit), qos }));
  }

  /** What has a `commandId` is a command, and is judged; all else is a message. */
  #take(topic: string, payload: Buffer, packet: IPublishPacket): void {
    const properties = single(packet.properties?.userProperties);
    const { commandId, epoch, unit } = properties;
    if (commandId === undefined) {
      this.#options.onMessage?.({ topic, payload, properties });
      return;
    }
    const { clock, environment, roleOf, onCommand } = this.#options;
    const arrivedMs = clock.nowMs();
    const sentMs = this.#bound.sentNotBeforeMs;
    const role = unit === undefined ? undefined : roleOf(unit);
    const expirySec = packet.properties?.messageExpiryInterval;
    const command = {
      epoch: epoch === undefined || !/^\d{1,15}$/.test(epoch) ? undefined : Number(epoch),
      commandId,
      expiresInMs: expirySec === undefined ? undefined : expirySec * 1000,
      retained: packet.retain,
    };
    const ttlMs = environment.commandTtlMs;
    const refusal = judgeCommand(
      command,
      { epoch: role?.epoch, arrivedMs: sentMs, nowMs: arrivedMs, ttlMs },
      this.#seen,
    );
    if (refusal !== undefined || role === undefined) {
      process.stderr.write(`${JSON.stringify({ msg: 'command refused', refusal, topic, commandId })}\n`);
      return;
    }
    this.#seen = rememberCommand(this.#seen, commandId, arrivedMs, ttlMs);
    const expiresAtMs = sentMs + commandLifeMs(command, ttlMs);
    onCommand?.({ unit: role.unit, epoch: role.epoch, commandId, topic, payload, expiresAtMs });
  }
}

function single(properties: Record<string, string | string[]> | undefined): Record<string, string> {
  const first = (value: string | string[]): string => (Array.isArray(value) ? (value[0] ?? '') : value);
  return Object.fromEntries(Object.entries(properties ?? {}).map(([name, value]) => [name, first(value)]));
}
