import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { deviceOfCode } from '../../../api/core/claim-code.ts';
import { genericCard, pageOnLan } from '../../../api/client/generic-card.ts';
import type { DeviceView } from '../../../api/core/schemas.ts';
import { isUsherError } from '../../../foundation/errors.ts';
import { systemRandom } from '../../../foundation/random.ts';
import { parseClaimCode } from '../../../join/protocol/claim-code.ts';
import { ApiFixture, DEVICE_ID, MAC, OTHER_ID, type Reply } from '../../support/api-fixture.ts';

const CODE = 'K7QF-2M9X-TR4C-8WHD';

describe('the device that a code is for', () => {
  const row = (id: string, facts: Partial<DeviceView> = {}): DeviceView => ({
    ...{ id, shortId: id.slice(0, 6), stage: 'NoEvidence', since: '2026-01-01T00:00:00Z', macs: [MAC] },
    ...{ evidence: 'None', claimable: false, ...facts },
  });
  const device = 'qk4t7m00000000000000000000';
  const twin = 'qk4t7m11111111111111111111';
  const meant = (text: string, options: { named?: string; ids?: string[]; waiting?: string[] } = {}): string => {
    const { named, ids = [device], waiting = [] } = options;
    try {
      return deviceOfCode({ entered: parseClaimCode(text), named, rows: ids.map((id) => row(id)), waiting });
    } catch (error) {
      if (!isUsherError(error)) throw error;
      return error.code;
    }
  };

  it.each([
    ['a full id, seen or not', `1.${twin}.K7QF2M9XTR4C8WHD`, {}, twin],
    ['a short id', `QK4T7M-${CODE}`, {}, device],
    ['a short id that nobody has', `ZZZZZZ-${CODE}`, {}, 'DEVICE_UNKNOWN'],
    ['a short id that a stranger met', `QK4T7M-${CODE}`, { ids: [device, twin] }, 'DEVICE_AMBIGUOUS'],
    ['a longer one then', `QK4T7M0-${CODE}`, { ids: [device, twin] }, device],
    ['no id, with the only device that waits', CODE, { waiting: [twin] }, twin],
    ['no id, with several that wait', CODE, { waiting: [device, twin] }, 'CLAIM_CODE_INVALID'],
    ['no id, with none that waits', CODE, {}, 'CLAIM_CODE_INVALID'],
    ['no id, beside the name of a device', CODE, { named: 'qk4t7m0' }, device],
    [
      'an id, beside the name of another device',
      `1.${twin}.K7QF2M9XTR4C8WHD`,
      { named: 'qk4t7m0' },
      'CLAIM_CODE_INVALID',
    ],
    [
      'no id, beside the name of something without a key',
      CODE,
      { named: MAC, ids: [`mac:${MAC}`] },
      'DEVICE_WITHOUT_KEY',
    ],
  ])('is found by %s', (_what, text, options, wanted) => {
    expect(meant(text, options)).toBe(wanted);
  });

  it('is never found by what a stranger may call himself', () => {
    const rows = [row(device), row(twin, { hostname: 'qk4t7m0', serial: 'qk4t7m0' })];
    expect(deviceOfCode({ entered: parseClaimCode(`QK4T7M0-${CODE}`), named: undefined, rows, waiting: [] })).toBe(
      device,
    );
  });
});

describe('entering a code', () => {
  let api: ApiFixture;
  beforeEach(async () => {
    api = await new ApiFixture().start();
  });
  afterEach(() => api.stop());

  const get = (path: string): Promise<Reply> => api.call(path, { headers: api.bearer });
  const enter = (code: string): Promise<Reply> =>
    api.call('/api/v1/claim-codes', { method: 'POST', headers: api.bearer, body: { code } });

  it('is told how it stands, and never claims', async () => {
    api.candidates.arrive(DEVICE_ID);
    const entered = await enter(`${DEVICE_ID.slice(0, 6)}-${CODE}`);
    expect([entered.status, entered.body]).toMatchObject([202, { device: DEVICE_ID, state: 'waiting' }]);
    const standing = await get(`/api/v1/claim-codes/${DEVICE_ID}`);
    expect(standing.body).toEqual(entered.body);
    expect(JSON.stringify(entered.body)).not.toContain('K7QF');
    expect((await get('/api/v1/claims')).body).toMatchObject({ items: [] });
  });

  it('refuses what is no code without quoting it, and knows nothing of others', async () => {
    const refused = await enter('3.almost.K7QF2M9XTR4C8WHD');
    expect(refused.body).toMatchObject({ error: { code: 'CLAIM_CODE_INVALID' } });
    expect(JSON.stringify(refused.body)).not.toContain('K7QF2M9XTR4C8WHD');
    const none = await get(`/api/v1/claim-codes/${OTHER_ID}`);
    expect([none.status, none.body]).toMatchObject([404, { error: { code: 'CLAIM_CODE_NONE' } }]);
  });
});

describe('a generic card', () => {
  const site = { enrolUrls: ['https://192.168.8.1:7443'], interfaces: [{ name: 'eth0', addresses: ['192.168.8.1'] }] };

  it('holds no secret, or only the code of its label', () => {
    const common = { site, claimBase: 'https://usher.local', nowMs: 0, random: systemRandom };
    const plain = genericCard({ ...common, isLabelled: false });
    expect(plain).toMatchObject({ card: { code: null, urls: site.enrolUrls, claimBase: 'https://usher.local' } });
    const { card, code } = genericCard({ ...common, isLabelled: true });
    expect(card.code).toBe(code?.reveal());
    expect(parseClaimCode(card.code ?? '').device).toBe('');
  });

  it('opens the page as a phone on the LAN reaches it', () => {
    expect(pageOnLan('https://127.0.0.1:8443', site)).toBe('https://192.168.8.1:8443');
    expect(pageOnLan('https://usher.example:8443', site)).toBe('https://usher.example:8443');
  });
});
