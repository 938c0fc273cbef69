import { existsSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import type { SensorService } from '../../../k8s/core/sensor-service/sensor-service.ts';
import type { ImageDescription } from '../../../oci/core/image-description.ts';
import packageJson from '../../../package.json' with { type: 'json' };

const ROOT = join(import.meta.dirname, '../../..');
const EXAMPLES = join(ROOT, 'examples');
const NAMES = ['lathe-vibration', 'valve', 'tank-level', 'tank-guard', 'dashboard', 'press-counter'];
const IMAGE = /^\s*(?:- )?image: (\S+)$|^\s*container: \{ image: (\S+) \}$/m;

describe('each example', () => {
  it('is looked at here', async () => {
    const entries = await readdir(EXAMPLES, { withFileTypes: true });
    const folders = entries.filter((entry) => entry.isDirectory()).map(({ name }) => name);
    const withImage = folders.filter((name) => existsSync(join(EXAMPLES, name, 'image.ts')));
    expect(withImage.sort()).toEqual([...NAMES].sort());
  });

  it.each(NAMES)('%s runs the image that is built for it', async (name) => {
    const { image } = (await import(join(EXAMPLES, name, 'image.ts'))) as { image: ImageDescription };
    const file = ['service.yaml', 'deployment.yaml'].map((each) => join(EXAMPLES, name, each)).find(existsSync) ?? '';
    const [, plain, inline] = IMAGE.exec(await readFile(file, 'utf8')) ?? [];
    expect(plain ?? inline).toBe(`usher.internal/${image.name}:${packageJson.version}`);
    expect(image.bundles.every(({ entry }) => existsSync(join(ROOT, entry)))).toBe(true);
    expect(image.command).toContain(image.bundles[0]?.path);
  });

  it.each(['lathe-vibration', 'valve', 'tank-level', 'press-counter'])('%s declares what it uses', async (name) => {
    const { spec } = parse(await readFile(join(EXAMPLES, name, 'service.yaml'), 'utf8')) as SensorService;
    const files = await Promise.all(
      ['main.ts', 'service.ts'].map((file) => readFile(join(EXAMPLES, name, file), 'utf8').catch(() => '')),
    );
    const program = files.join('\n');
    for (const { topic } of spec.mqtt?.publish ?? []) expect(program).toContain(`const TOPIC = '${topic}'`);
    for (const { name: device, usb } of spec.devices ?? [])
      if (usb !== undefined) expect(program).toContain(`const DEVICE = '/dev/usher/${device}'`);
    for (const { name: variable } of spec.container.env ?? []) expect(program).toContain(`'${variable}'`);
  });
});
