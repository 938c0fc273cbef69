import { rm } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { SerialAdapter } from '../../lab/instruments/serial-adapter.ts';
import { modbusCrc } from '../../lab/instruments/modbus-slave.ts';
import { vibrationSensor } from '../../lab/instruments/vibration-sensor.ts';
import { Lab } from '../../lab/lab.ts';
import type { Machine } from '../../lab/machine.ts';

const ADAPTER = { tty: 'ttyUSB0', vendor: '1a86', product: '7523', serial: 'A1' };

describe('an instrument on a serial line', () => {
  const lab = new Lab({ name: 'instr', fresh: true });
  const sensor = vibrationSensor(1000);
  let pi: Machine;
  let adapter: SerialAdapter;

  beforeAll(async () => {
    await lab.up();
    pi = await lab.addPi({ name: 'pi-1' });
    adapter = new SerialAdapter(lab.labDir, pi, sensor, ADAPTER);
    await pi.boot();
  });
  afterAll(async () => {
    await lab.down();
    await sensor.close();
    await rm(lab.labDir, { recursive: true, force: true });
  });

  /** The first register, asked with a hand-made request. */
  async function read(): Promise<number> {
    const request = Buffer.from([1, 4, 0, 0, 0, 1, 0, 0]);
    request.writeUInt16LE(modbusCrc(request.subarray(0, -2)), 6);
    const bytes = [...request].map((byte) => String.raw`\0${byte.toString(8)}`).join('');
    const script = `exec 3<>${adapter.path}; printf '%b' '${bytes}' >&3; head -c 7 <&3 | od -An -tx1 | tr -d ' \\n'`;
    const { stdout } = await pi.exec(['sh', '-c', script], { timeoutMs: 5000 });
    return Number.parseInt(stdout.slice(6, 10), 16);
  }

  it('answers, is known by its USB identity, and stays over a power cut', async () => {
    expect(await pi.exec(['ls', '/sys/class/tty'])).toMatchObject({ stdout: '' });
    await adapter.plug();
    expect(await read()).toBe(1001);
    expect(await pi.readFile('/sys/class/tty/ttyUSB0/device/idProduct')).toBe('7523\n');
    await pi.kill();
    await pi.boot();
    expect(await read()).toBe(1002);
    expect(sensor.acts.since(0).map(({ by, value }) => [by, value])).toEqual([
      ['pi-1', 1001],
      ['pi-1', 1002],
    ]);
  });

  it('is gone when it is unplugged', async () => {
    await adapter.unplug();
    expect(await pi.exec(['ls', adapter.path], { allowFailure: true })).toMatchObject({ code: 2 });
    expect(await pi.exec(['ls', '/sys/class/tty'])).toMatchObject({ stdout: '' });
  });
});
