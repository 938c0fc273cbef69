import { randomUUID } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { BuildLock } from '../../../lab/k3s-stand-in/build-lock.ts';

describe('the build lock', () => {
  it('is held by one at a time, and says whom the other waits for', async () => {
    const target = `/nowhere/${randomUUID()}`;
    const said: string[] = [];
    const onProgress = (line: string): void => void said.push(line);
    const first = await BuildLock.take(target, { onProgress });
    let taken = false;
    const second = BuildLock.take(target, { onProgress }).then((lock) => {
      taken = true;
      return lock;
    });
    await expect.poll(() => said).toEqual(['Waiting for another process that builds the k3s stand-in']);
    expect(taken).toBe(false);
    const other = await BuildLock.take(`${target}-2`, { onProgress });
    await first.release();
    await (await second).release();
    await other.release();
  });

  it('stops waiting when told to', async () => {
    const target = `/nowhere/${randomUUID()}`;
    const stop = new AbortController();
    const onProgress = (): void => stop.abort(new DOMException('enough', 'AbortError'));
    const first = await BuildLock.take(target, { onProgress });
    await expect(BuildLock.take(target, { onProgress, signal: stop.signal })).rejects.toMatchObject({
      name: 'AbortError',
    });
    await first.release();
  });
});
