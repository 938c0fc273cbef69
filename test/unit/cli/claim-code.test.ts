import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { UsherError } from '../../../foundation/errors.ts';
import type { ClaimCodeDesk, ClaimCodeStanding } from '../../../join/core/ports.ts';
import { ClaimCard } from '../../../join/protocol/messages.ts';
import { DEVICE_CLAIM } from '../../../k8s/core/resources.ts';
import { ApiFixture, DEVICE_ID } from '../../support/api-fixture.ts';
import { type Outcome, runUsher } from '../../support/run-usher.ts';

vi.setConfig({ testTimeout: 60_000 });

/** A fake desk: its device has the code that begins with K and proves it at once. */
class FakeClaimCodes implements ClaimCodeDesk {
  readonly #standings = new Map<string, ClaimCodeStanding>();

  enter: ClaimCodeDesk['enter'] = (deviceId, code) => {
    const failure = new UsherError('CLAIM_CODE_WRONG', { id: deviceId.slice(0, 6) });
    const isRight = code.reveal().startsWith('K');
    const outcome = isRight ? ({ state: 'proven' } as const) : ({ state: 'refused', failure } as const);
    this.#standings.set(deviceId, { deviceId, expiresAtMs: Date.parse('2026-01-01T00:15:00Z'), ...outcome });
    return Promise.resolve({ deviceId, expiresAtMs: Date.parse('2026-01-01T00:15:00Z'), state: 'waiting' });
  };

  standingOf(deviceId: string): ClaimCodeStanding | undefined {
    return this.#standings.get(deviceId);
  }
}

const api = new ApiFixture();
const usher = (...args: string[]): Promise<Outcome> => runUsher(args, { USHER_TOKEN_FILE: api.cliFile });

beforeAll(async () => {
  await api.start({ claimCodes: new FakeClaimCodes() });
  api.candidates.arrive(DEVICE_ID);
});
afterAll(() => api.stop());

it('usher code says that the device has proven it', async () => {
  const { code, out } = await usher('code', 'K4T7M2-K7QF-2M9X-TR4C-8WHD', '-o', 'json');
  expect([code, JSON.parse(out)]).toMatchObject([0, { device: DEVICE_ID, state: 'proven' }]);
});

it('usher code fails with the reason and what to do when it was refused', async () => {
  const { code, err } = await usher('code', 'K4T7M2-A7QF-2M9X-TR4C-8WHD');
  expect(code).toBe(1);
  expect(err).toContain('CLAIM_CODE_WRONG');
  expect(err).not.toContain('A7QF');
});

it('usher claim NAME --code claims the device that proved it, and nothing when it did not', async () => {
  const refused = await usher('claim', 'lathe-right', '--code', 'K4T7M2-A7QF-2M9X-TR4C-8WHD');
  expect(refused.code).toBe(1);
  expect(await api.kube.list(DEVICE_CLAIM)).toEqual([]);
  const done = await usher('claim', 'lathe-left', '--code', 'K4T7M2-K7QF-2M9X-TR4C-8WHD', '--label', 'machine=lathe');
  expect(done).toMatchObject({ code: 0, out: expect.stringContaining('lathe-left') as string });
  expect((await api.kube.get(DEVICE_CLAIM, { name: 'lathe-left' }))?.spec).toMatchObject({
    match: { device: DEVICE_ID },
    labels: { machine: 'lathe' },
  });
});

it('usher generic-card writes a card, and prints the code of a label once', async () => {
  const file = join(api.stateDir, 'usher.json');
  const { code, out } = await usher('generic-card', file, '--label', '--page', 'https://usher.example', '-o', 'json');
  const card = ClaimCard.parse(JSON.parse(await readFile(file, 'utf8')));
  expect([code, JSON.parse(out)]).toMatchObject([0, { code: card.code, claimBase: 'https://usher.example' }]);
  expect(card.code).toMatch(/^(?:[0-9A-Z]{4}-){3}[0-9A-Z]{4}$/);
});
