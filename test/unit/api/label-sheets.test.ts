import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { DEVICE, DEVICE_CLAIM } from '../../../k8s/core/resources.ts';
import { ApiFixture, codeOf, device, DEVICE_ID, OTHER_ID, type Reply } from '../../support/api-fixture.ts';
import { codesIn, pictureOfSvg, picturesOfPdf } from '../../support/label-picture.ts';
import { runUsher } from '../../support/run-usher.ts';

describe('label sheets', { timeout: 60_000 }, () => {
  const api = new ApiFixture();
  const code = 'QK4T7MK7QF2M9XTR';
  beforeAll(async () => {
    await api.start();
    for (const [name, id] of [
      ['lathe-left', DEVICE_ID],
      ['lathe-right', undefined],
    ] as const) {
      await api.kube.create(DEVICE_CLAIM, {
        ...{ apiVersion: DEVICE_CLAIM.apiVersion, kind: DEVICE_CLAIM.kind, metadata: { name } },
        spec: { match: { serial: name }, labels: {} },
      });
      const deviceRef = { name: id ?? '', uid: 'd' };
      if (id !== undefined) await api.kube.mergePatch(DEVICE_CLAIM, { name }, { status: { deviceRef } }, 'status');
    }
    await api.kube.create(DEVICE, device(DEVICE_ID));
    api.candidates.arrive(OTHER_ID);
    await api.tokens.create({ kind: 'card', note: 'spare card' });
    await vi.waitFor(async () => expect((await sheet({ items: [{ device: DEVICE_ID }] })).status).toBe(200), 8_000);
  });
  afterAll(() => api.stop());

  const sheet = (body: object): Promise<Reply> => {
    const whole = { format: 'svg', paper: '62mm', ...body };
    return api.call('/api/v1/label-sheets', { method: 'POST', headers: api.bearer, body: whole });
  };
  const linksOf = async (svg: string): Promise<string[]> =>
    (await codesIn(pictureOfSvg(svg, 12), 32)).map(({ text }) => text);

  it('lead to what each item names, at an address that other machines can reach', async () => {
    const items = [
      { claim: 'lathe-left' },
      { claim: 'lathe-right' },
      { device: OTHER_ID.slice(0, 6) },
      { device: DEVICE_ID, code },
      { tokenId: '0000000000' },
      { tokenId: '0000000000', code, name: 'for the press' },
    ];
    const reply = await sheet({ items });
    expect(reply.headers).toMatchObject({
      'content-type': expect.stringContaining('image/svg+xml') as string,
      'content-disposition': 'attachment; filename="labels.svg"',
      'cache-control': 'no-store',
    });
    // The request came to 127.0.0.1.
    const base = `https://10.0.0.1:${String(api.server.port)}`;
    expect(await linksOf(reply.text)).toEqual([
      `${base}/d#${DEVICE_ID}`,
      `${base}/d#lathe-right`,
      `${base}/d#${OTHER_ID}`,
      `${base}/c#1.${DEVICE_ID}.${code}`,
      `${base}/d#0000000000`,
      `${base}/c#1..${code}`,
    ]);
    for (const text of ['lathe-left', 'K4T7M2', 'spare card', 'for the press', 'QK4T-7MK7-QF2M-9XTR']) {
      expect(reply.text).toContain(`>${text}<`);
    }
    const { caFingerprint } = (await api.call('/api/v1/page-certificate', { headers: api.bearer })).body as {
      caFingerprint: string;
    };
    const texts = [...reply.text.matchAll(/<text[^>]*>([^<]*)</g)].map(([, text]) => text).join('');
    expect(texts).toContain(caFingerprint);
  });

  it('lead where they are told to', async () => {
    const { text } = await sheet({ items: [{ claim: 'lathe-left' }], claimBase: 'https://usher.example/' });
    expect(await linksOf(text)).toEqual([`https://usher.example/d#${DEVICE_ID}`]);
  });

  it.each<[string, object, string]>([
    ['an unknown claim', { items: [{ claim: 'nobody' }] }, 'CLAIM_UNKNOWN'],
    ['an unknown device', { items: [{ device: 'nobody' }] }, 'DEVICE_UNKNOWN'],
    ['an unknown token', { items: [{ tokenId: 'nobody' }] }, 'TOKEN_UNKNOWN'],
    ['a code that is none', { items: [{ device: DEVICE_ID, code: 'x' }] }, 'CLAIM_CODE_INVALID'],
    ['nothing', { items: [] }, 'REQUEST_INVALID'],
    ['two things at once', { items: [{ claim: 'lathe-left', device: DEVICE_ID }] }, 'REQUEST_INVALID'],
    ['another paper', { items: [{ claim: 'lathe-left' }], paper: 'A5' }, 'REQUEST_INVALID'],
    ['a link without TLS', { items: [{ claim: 'lathe-left' }], claimBase: 'http://x' }, 'REQUEST_INVALID'],
    ['a script as link', { items: [{ claim: 'lathe-left' }], claimBase: 'javascript:alert(1)' }, 'REQUEST_INVALID'],
  ])('are not made of %s', async (_what, body, refusal) => {
    expect(codeOf(await sheet(body))).toBe(refusal);
  });

  it('come as a file from the command line', async () => {
    const path = join(api.stateDir, 'labels.pdf');
    const env = { USHER_TOKEN_FILE: api.cliFile };
    const made = await runUsher(['labels', '--all', '-o', path], env);
    expect([made.code, made.out, made.err]).toEqual([0, `2 labels in ${path}\n`, '']);
    const [page = expect.fail()] = picturesOfPdf(await readFile(path), 12);
    expect(await codesIn(page, 3)).toHaveLength(2);
    expect((await runUsher(['labels', '--claims', 'lathe-left', '-o', 'labels.png'], env)).err).toContain(
      '.pdf or .svg',
    );
    expect((await runUsher(['labels', '-o', path], env)).code).not.toBe(0);
  });
});
