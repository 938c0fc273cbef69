import { randomUUID } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { MachineLock } from '../../../lab/machine-lock.ts';

describe('the lock of a machine', () => {
  it('is held by one at a time, and the other is told that it waits', async () => {
    const target = `/nowhere/${randomUUID()}`;
    let waits = 0;
    const onWait = (): void => void (waits += 1);
    const first = await MachineLock.take(target, { onWait, pollMs: 10 });
    let taken = false;
    const second = MachineLock.take(target, { onWait, pollMs: 10 }).then((lock) => {
      taken = true;
      return lock;
    });
    await expect.poll(() => waits).toBe(1);
    expect(taken).toBe(false);
    const other = await MachineLock.take(`${target}-2`, { onWait });
    await first.release();
    await (await second).release();
    await other.release();
  });

  it('stops waiting when told to', async () => {
    const target = `/nowhere/${randomUUID()}`;
    const stop = new AbortController();
    const onWait = (): void => stop.abort(new DOMException('enough', 'AbortError'));
    const first = await MachineLock.take(target, { onWait });
    await expect(MachineLock.take(target, { onWait, signal: stop.signal })).rejects.toMatchObject({
      name: 'AbortError',
    });
    await first.release();
  });
});
