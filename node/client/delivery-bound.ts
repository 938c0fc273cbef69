import type { MqttClient } from 'mqtt';
import type { CancelTimer, Clock } from '../../foundation/clock.ts';

/** How often the broker is asked for a sign of life: by so much at most the life of a command is taken too short. */
const PING_MS = 250;

/**
 * When the broker can have sent at the earliest what arrives now. TCP delivers late without a word, after a link that was cut
 * for a moment; but it keeps the order. So what comes after the answer to a ping was sent after that ping was.
 */
export class DeliveryBound {
  readonly #client: MqttClient;
  readonly #clock: Clock;
  readonly #unansweredMs: number[] = [];
  #sinceMs = Number.NEGATIVE_INFINITY;
  #cancel: CancelTimer = () => undefined;

  constructor(client: MqttClient, clock: Clock) {
    this.#client = client;
    this.#clock = clock;
    client.on('packetsend', ({ cmd }) => {
      if (cmd === 'connect') this.#unansweredMs.length = 0;
      if (cmd === 'connect' || cmd === 'pingreq') this.#unansweredMs.push(clock.nowMs());
    });
    client.on('packetreceive', ({ cmd }) => {
      if (cmd === 'connack' || cmd === 'pingresp') this.#sinceMs = this.#unansweredMs.shift() ?? this.#sinceMs;
    });
    this.#pingLater();
  }

  /** CLOCK_MONOTONIC: nothing that arrives now was sent before this. */
  get sentNotBeforeMs(): number {
    return this.#sinceMs;
  }

  stop(): void {
    this.#cancel();
  }

  #pingLater(): void {
    this.#cancel = this.#clock.after(PING_MS, () => {
      if (this.#client.connected && this.#unansweredMs.length === 0) this.#client.sendPing();
      this.#pingLater();
    });
  }
}
