import { ServerTCP } from 'modbus-serial';
import { afterEach, describe, expect, it } from 'vitest';
import { ModbusPress } from '../../../examples/press-counter/driver.ts';
import { freePort } from '../../support/free-port.ts';

const HOST = '127.0.0.1';

/** False when it cannot have its port. */
async function isListening(server: ServerTCP): Promise<boolean> {
  const listening = Promise.withResolvers<boolean>();
  server.once('initialized', () => listening.resolve(true));
  server.once('serverError', () => listening.resolve(false));
  return listening.promise;
}

describe('a press on the network', () => {
  const words: [high: number, low: number] = [0, 0];
  let server: ServerTCP | undefined;
  async function switchOn(port: number): Promise<void> {
    const vector = { getHoldingRegister: (address: number) => words[address] ?? 0 };
    // While it is off, its port may be given to a connection of another test.
    await expect.poll(() => isListening((server = new ServerTCP(vector, { host: HOST, port, unitID: 1 })))).toBe(true);
  }
  async function switchOff(): Promise<void> {
    const ended = Promise.withResolvers<undefined>();
    if (server === undefined) return;
    server.close(() => ended.resolve(undefined));
    server = undefined;
    await ended.promise;
  }
  afterEach(switchOff);

  it('tells its strokes, beyond 16 bits, and again after it was off', async () => {
    const port = await freePort();
    const press = new ModbusPress({ host: HOST, port });
    await expect(press.strokes()).rejects.toMatchObject({ code: 'ECONNREFUSED' });
    await switchOn(port);
    [words[0], words[1]] = [2, 7];
    expect(await press.strokes()).toBe(131_079);
    await switchOff();
    await expect(press.strokes()).rejects.toBeDefined();
    await switchOn(port);
    words[1] = 8;
    expect(await press.strokes()).toBe(131_080);
    await press.close();
  });
});
