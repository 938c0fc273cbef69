import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { examineInotify, raiseLimits, type InotifyPlaces } from '../../../appliance/inotify.ts';

let dir: string;
let places: InotifyPlaces;
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'usher-inotify-'));
  places = { procSys: dir, keptIn: join(dir, '90-usher.conf') };
  await mkdir(join(dir, 'fs/inotify'), { recursive: true });
});
afterEach(() => rm(dir, { recursive: true }));

const INSTANCES = 'fs.inotify.max_user_instances';
const WATCHES = 'fs.inotify.max_user_watches';
const put = async (instances: number, watches: number): Promise<void> => {
  await writeFile(join(dir, 'fs/inotify/max_user_instances'), `${String(instances)}\n`);
  await writeFile(join(dir, 'fs/inotify/max_user_watches'), `${String(watches)}\n`);
};

describe('the limits of inotify', () => {
  it.each([
    ['as Debian has them', 128, 60_000, [false, false]],
    ['just too low', 511, 65_535, [false, false]],
    ['just enough', 512, 65_536, [true, true]],
    ['one of them enough', 128, 1_000_000, [false, true]],
  ])('%s', async (_what, instances, watches, ok) => {
    await put(instances, watches);
    expect((await examineInotify(places)).map((finding) => finding.ok)).toEqual(ok);
  });

  it('say what fails, and what to write where', async () => {
    await put(128, 1_000_000);
    const [first] = await examineInotify(places);
    expect(first?.detail).toMatch(/^128, 512 needed, .*"too many open files"/);
    expect(first?.remedy).toBe(`sysctl -w ${INSTANCES}=1024, and write it into /etc/sysctl.d/90-usher.conf`);
  });

  it('are not judged where the kernel does not tell them', async () => {
    expect(await examineInotify(places)).toEqual([]);
  });

  it('are raised at once and for later, beside what somebody else wrote there', async () => {
    await put(128, 8192);
    await writeFile(places.keptIn, `# ours\nvm.swappiness=1\n${WATCHES}=9000\n`);
    const asked = (await examineInotify(places)).flatMap(({ sysctl }) => sysctl ?? []);
    const said: string[] = [];
    await raiseLimits(asked, (line) => said.push(line), places);
    expect((await examineInotify(places)).map(({ ok }) => ok)).toEqual([true, true]);
    expect(await readFile(places.keptIn, 'utf8')).toBe(
      `# ours\nvm.swappiness=1\n${INSTANCES}=1024\n${WATCHES}=524288\n`,
    );
    expect(said).toEqual([`Set ${INSTANCES}=1024, ${WATCHES}=524288 (${places.keptIn}).`]);
  });

  it('that cannot be set here are the host’s, and nothing else fails for it', async () => {
    const said: string[] = [];
    await raiseLimits([`${INSTANCES}=1024`], (line) => said.push(line), { ...places, procSys: join(dir, 'none') });
    expect(said.join()).toContain('cannot be set here; set it on the host');
  });
});
