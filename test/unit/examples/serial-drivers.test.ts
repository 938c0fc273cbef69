import { afterEach, describe, expect, it } from 'vitest';
import { ModbusVibrationSensor } from '../../../examples/lathe-vibration/driver.ts';
import { SERIAL_BINDING } from '../../../examples/modbus/serial-binding.ts';
import { SerialModbusLine } from '../../../examples/modbus/serial-modbus-line.ts';
import { ModbusValve } from '../../../examples/valve/driver.ts';
import { Instrument } from '../../../lab/instruments/instrument.ts';
import { Valve } from '../../../lab/instruments/valve.ts';
import { vibrationSensor } from '../../../lab/instruments/vibration-sensor.ts';
import { ManualClock } from '../../support/manual-clock.ts';
import { SerialLine } from '../../support/serial-line.ts';

/** The drivers on real pseudo-terminals, with the lab's instruments behind them. */
describe('on a serial line', () => {
  const cleanups: (() => Promise<void>)[] = [];
  afterEach(async () => {
    for (const cleanup of cleanups.splice(0)) await cleanup();
  });
  async function lineTo(
    instrument: Instrument,
    onLost = (): void => undefined,
  ): Promise<{ cable: SerialLine; line: SerialModbusLine }> {
    const cable = await SerialLine.to(instrument);
    const line = new SerialModbusLine({ path: cable.path, answerMs: 500, onLost });
    cleanups.push(
      () => line.close(),
      () => cable.remove(),
    );
    return { cable, line };
  }

  it('the vibration sensor says nothing by itself, and tells velocities and temperature', async () => {
    const instrument = vibrationSensor(1_000);
    const { line } = await lineTo(instrument);
    const sensor = new ModbusVibrationSensor(line);
    await sensor.open();
    expect(instrument.acts.since(0)).toEqual([]);
    expect(await sensor.read()).toEqual({ x: 10.01, y: 10.01, z: 10.01, temperatureC: 21.5 });
    expect(await sensor.read()).toMatchObject({ x: 10.02 });
  });

  it('frost is below zero', async () => {
    const { line } = await lineTo(new Instrument(() => ({ readInput: () => [0, 0, 0, 0xffce] })));
    await line.open();
    expect(await new ModbusVibrationSensor(line).read()).toMatchObject({ temperatureC: -5 });
  });

  it('goes on after the adapter was unplugged and plugged in again', async () => {
    const { cable, line } = await lineTo(vibrationSensor(1_000));
    const sensor = new ModbusVibrationSensor(line);
    await sensor.open();
    await sensor.read();
    await cable.unplug();
    await expect(sensor.read()).rejects.toMatchObject({ message: expect.any(String) as string });
    await expect(sensor.open()).rejects.toThrow(/No such file|cannot open/i);
    await cable.plug();
    await sensor.open();
    expect(await sensor.read()).toMatchObject({ x: 10.02 });
  });

  it('says that it is gone when the adapter is unplugged while nobody speaks, and not when it is closed', async () => {
    let times = 0;
    const { cable, line } = await lineTo(vibrationSensor(1_000), () => (times += 1));
    await line.open();
    expect(times).toBe(0);
    await cable.unplug();
    await expect.poll(() => times).toBe(1);
    await cable.plug();
    await line.open();
    await cable.unplug();
    await expect.poll(() => times).toBe(2);
    await cable.plug();
    await line.open();
    await line.close();
    expect(times).toBe(2);
  });

  it('ends a read that comes only after the adapter is gone', async () => {
    const cable = await SerialLine.to(vibrationSensor(1_000));
    cleanups.push(() => cable.remove());
    const port = await SERIAL_BINDING.open({ path: cable.path, baudRate: 19_200 });
    await cable.unplug();
    await expect(port.read(Buffer.alloc(8), 0, 8)).rejects.toThrow('The serial line was hung up');
    await port.close();
    await expect(port.read(Buffer.alloc(8), 0, 8)).rejects.toMatchObject({ canceled: true });
  });

  it('ends a read that waits when the line is closed', async () => {
    const cable = await SerialLine.to(vibrationSensor(1_000));
    cleanups.push(() => cable.remove());
    const port = await SERIAL_BINDING.open({ path: cable.path, baudRate: 19_200 });
    const ended = expect(port.read(Buffer.alloc(8), 0, 8)).rejects.toMatchObject({ canceled: true });
    await port.close();
    await ended;
  });

  it('an instrument that refuses is told from one that is silent', async () => {
    const { line } = await lineTo(new Instrument(() => ({ readInput: () => undefined })));
    await line.open();
    await expect(line.readInputRegisters(0, 1)).rejects.toThrow(/Illegal data address/);
    const other = await SerialLine.to(vibrationSensor(1_000));
    const deaf = new SerialModbusLine({ path: other.path, slave: 2, answerMs: 20 });
    cleanups.push(
      () => deaf.close(),
      () => other.remove(),
    );
    await deaf.open();
    await expect(deaf.readInputRegisters(0, 1)).rejects.toMatchObject({ message: 'Timed out' });
  });

  it('the valve opens, closes, and closes by itself when nobody speaks to it', async () => {
    const clock = new ManualClock();
    const instrument = new Valve(clock);
    const { line } = await lineTo(instrument.instrument);
    const valve = new ModbusValve(line);
    await valve.open();
    await valve.arm(1_000);
    await valve.move('open');
    expect(instrument.isOpen).toBe(true);
    clock.advance(900);
    await valve.move('open');
    clock.advance(999);
    expect(instrument.isOpen).toBe(true);
    clock.advance(1);
    expect(instrument.isOpen).toBe(false);
    expect(instrument.changes.at(-1)).toMatchObject({ isOpen: false, by: undefined });
    await valve.move('open');
    await valve.move('closed');
    expect(instrument.changes.at(-1)).toMatchObject({ isOpen: false, by: 'here' });
  });
});
