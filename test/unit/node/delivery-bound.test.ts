import { EventEmitter } from 'node:events';
import type { MqttClient } from 'mqtt';
import { describe, expect, it } from 'vitest';
import { DeliveryBound } from '../../../node/client/delivery-bound.ts';
import { ManualClock } from '../../support/manual-clock.ts';

/** A client whose packets the test sends and receives. */
class FakeClient extends EventEmitter {
  connected = true;
  pings = 0;

  sendPing(): void {
    this.pings += 1;
    this.emit('packetsend', { cmd: 'pingreq' });
  }
}

function start() {
  const client = new FakeClient();
  const clock = new ManualClock(1_000);
  const bound = new DeliveryBound(client as unknown as MqttClient, clock);
  client.emit('packetsend', { cmd: 'connect' });
  clock.advance(10);
  client.emit('packetreceive', { cmd: 'connack' });
  return { client, clock, bound };
}

describe('what arrives was sent', () => {
  it('not before the last ping that was answered, however late it comes', () => {
    const { client, clock, bound } = start();
    expect(bound.sentNotBeforeMs).toBe(1_000);
    clock.advance(240);
    expect(client.pings).toBe(1);
    client.emit('packetreceive', { cmd: 'pingresp' });
    expect(bound.sentNotBeforeMs).toBe(1_250);
    clock.advance(5_000);
    // The second one is on its way all the time, and with it everything that the broker sent.
    expect(client.pings).toBe(2);
    expect(bound.sentNotBeforeMs).toBe(1_250);
    client.emit('packetreceive', { cmd: 'pingresp' });
    expect(bound.sentNotBeforeMs).toBe(1_500);
  });

  it('not before a new connection, whatever the old one had not answered', () => {
    const { client, clock, bound } = start();
    clock.advance(500);
    client.connected = false;
    clock.advance(3_000);
    expect(client.pings).toBe(1);
    client.emit('packetsend', { cmd: 'connect' });
    client.emit('packetreceive', { cmd: 'connack' });
    expect(bound.sentNotBeforeMs).toBe(clock.nowMs());
    bound.stop();
    expect(clock.pending).toBe(0);
  });
});
