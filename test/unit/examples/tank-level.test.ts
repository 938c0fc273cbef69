import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { PressureLevelSensor } from '../../../examples/tank-level/driver.ts';
import { I2cTransfer } from '../../../examples/tank-level/i2c-transfer.ts';
import { FakeI2cBus } from '../../support/fake-i2c-bus.ts';

describe('the level of a tank', () => {
  const bus = new FakeI2cBus();
  // 1 psi over a tank of 60 cm.
  const sensor = new PressureLevelSensor(bus, { rangePa: 6_895, heightMm: 600 });

  it.each([
    ['an empty tank, at 10 % of the range', 1638, 0, { levelMm: 0, levelPercent: 0 }],
    ['below it', 1500, 0, { levelMm: 0, levelPercent: 0 }],
    ['half the range', 8192, 0, { levelMm: 352, levelPercent: 58.7 }],
    ['a full tank', 12_825, 0, { levelMm: 601, levelPercent: 100.2 }],
    ['a value that was read before', 8192, 2, { levelMm: 352, levelPercent: 58.7 }],
    ['a sensor in its programming mode', 8192, 1, undefined],
    ['a broken sensor', 8192, 3, undefined],
  ])('is told for %s', async (_what, count, status, level) => {
    bus.set(count, status);
    expect(await sensor.read()).toEqual(level);
    expect(bus.reads.at(-1)).toEqual({ address: 0x28, count: 2 });
  });

  it('is read by i2ctransfer as it is called and as it answers', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'i2c-'));
    const tool = join(folder, 'i2ctransfer');
    await writeFile(tool, '#!/bin/sh\n[ "$*" = "-y 1 r2@0x28" ] && echo 0x20 0x0a\n');
    await chmod(tool, 0o755);
    expect(await new I2cTransfer(1, tool).read(0x28, 2)).toEqual(Uint8Array.of(0x20, 0x0a));
    await expect(new I2cTransfer(2, tool).read(0x28, 2)).rejects.toThrow();
    await rm(folder, { recursive: true });
  });
});
