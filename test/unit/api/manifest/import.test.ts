import { describe, expect, it } from 'vitest';
import { UsherError, type ErrorParams } from '../../../../foundation/errors.ts';
import type { ErrorCode } from '../../../../foundation/error-catalogue.ts';
import { DEVICE_CLAIM } from '../../../../k8s/core/resources.ts';
import type { FakeCall } from '../../../support/fake-kube.ts';
import { ManifestSite, told } from './manifest-site.ts';

const serialOf = (index: number): string => `10000000abcd${String(index).padStart(4, '0')}`;
const LABELLED = `name,serial,labels\n${[1, 2, 3, 4, 5, 6].map((i) => `c${i},${serialOf(i)},a=new`).join('\n')}\n`;

/** A site where c1 and c2 are there: c1 as the file wants it but for a label, c2 just so. */
async function halfFull(): Promise<ManifestSite> {
  const site = new ManifestSite();
  await site.claim('c1', { match: { serial: serialOf(1) }, labels: { a: 'old' } });
  await site.claim('c2', { match: { serial: serialOf(2) }, labels: { a: 'new' } });
  site.kube.calls.length = 0;
  return site;
}

function failWhen(site: ManifestSite, isMeant: (call: FakeCall) => boolean, code: ErrorCode, when: 'before' | 'after') {
  site.kube[when] = (call) => {
    if (isMeant(call)) throw new UsherError(code, { kind: call.kind, name: call.name, detail: 'injected', status: 0 });
  };
}

async function codeOf(run: Promise<unknown>): Promise<[ErrorCode, ErrorParams]> {
  try {
    await run;
  } catch (error) {
    if (error instanceof UsherError) return [error.code, error.params];
    throw error;
  }
  throw new TypeError('nothing was thrown');
}

const state = async (site: ManifestSite): Promise<string> => {
  const claims = await site.claims();
  return JSON.stringify(claims.map(({ metadata, spec }) => [metadata.name, metadata.uid, spec]));
};

describe('all or nothing', () => {
  it('tries every change out before it makes the first', async () => {
    const site = await halfFull();
    expect(await site.import(LABELLED)).toEqual({ created: 4, changed: 1, unchanged: 1, left: [] });
    const writes = site.kube.writes().map(({ verb, dryRun }) => `${verb}${dryRun === true ? ' dry' : ''}`);
    expect(writes.slice(0, 5).sort()).toEqual(['create dry', 'create dry', 'create dry', 'create dry', 'replace dry']);
    expect(writes.slice(5).sort()).toEqual(['create', 'create', 'create', 'create', 'replace']);
    expect(site.row('name,serial\nc6,10000000abcd0006\n').outcome).toBe('unchanged');
  });

  it('makes nothing when the API server would refuse one', async () => {
    const site = await halfFull();
    const before = await state(site);
    failWhen(site, ({ name, dryRun }) => name === 'c4' && dryRun === true, 'KUBE_INVALID', 'before');
    const [code, params] = await codeOf(site.import(LABELLED));
    expect([code, params['line'], params['name']]).toEqual(['MANIFEST_REFUSED', 5, 'c4']);
    expect(await state(site)).toBe(before);
  });

  it('makes nothing when a row is bad', async () => {
    const site = await halfFull();
    const [code, params] = await codeOf(site.import(`${LABELLED}Bad,${serialOf(9)},\n`));
    expect([code, params['count'], params['line']]).toEqual(['MANIFEST_HAS_FAULTS', 1, 8]);
    expect(site.kube.writes()).toEqual([]);
  });

  it.each(['before', 'after'] as const)('puts all back when one fails %s it took effect', async (when) => {
    const site = await halfFull();
    const before = await state(site);
    failWhen(
      site,
      ({ verb, name, dryRun }) => verb === 'create' && name === 'c5' && dryRun !== true,
      'KUBE_UNREACHABLE',
      when,
    );
    const [code, params] = await codeOf(site.import(LABELLED));
    expect([code, params['line'], params['name']]).toEqual(['MANIFEST_UNDONE', 6, 'c5']);
    expect(await state(site)).toBe(before);
  });

  it('names what it could not put back', async () => {
    const site = await halfFull();
    failWhen(
      site,
      ({ verb, name, dryRun }) =>
        (verb === 'create' && name === 'c6' && dryRun !== true) || (verb === 'delete' && name !== 'c4'),
      'KUBE_UNREACHABLE',
      'before',
    );
    const [code, params] = await codeOf(site.import(LABELLED));
    expect([code, params['names']]).toEqual(['MANIFEST_HALF_DONE', 'c3, c5']);
  });

  it('leaves alone what somebody else made of the same name meanwhile', async () => {
    const site = await halfFull();
    site.kube.before = async (call) => {
      if (call.verb !== 'create' || call.name !== 'c6' || call.dryRun === true) return;
      site.kube.before = () => undefined;
      await site.claim('c6', { match: { serial: serialOf(6) }, labels: { a: 'new' } });
    };
    expect((await codeOf(site.import(LABELLED)))[0]).toBe('MANIFEST_UNDONE');
    expect((await site.claims()).map(({ metadata }) => metadata.name).sort()).toEqual(['c1', 'c2', 'c6']);
  });
});

describe('the good rows only', () => {
  it('leaves out bad ones, refused ones and failed ones, and says which', async () => {
    const site = await halfFull();
    failWhen(
      site,
      ({ name, dryRun }) => (name === 'c4' && dryRun === true) || (name === 'c5' && dryRun !== true),
      'KUBE_INVALID',
      'before',
    );
    const outcome = await site.import(`${LABELLED}Bad,${serialOf(9)},\nc1,${serialOf(8)},\n`, { take: 'good' });
    expect(outcome).toMatchObject({ created: 2, changed: 0, unchanged: 1 });
    expect(outcome.left.map(({ line, name, code }) => [line, name, code])).toEqual([
      [2, 'c1', 'MANIFEST_TWICE'],
      [5, 'c4', 'CLAIM_INVALID'],
      [6, 'c5', 'CLAIM_INVALID'],
      [8, 'Bad', 'CLAIM_INVALID'],
      [9, 'c1', 'MANIFEST_TWICE'],
    ]);
  });
});

describe('the digest of a preview', () => {
  it.each([
    ['another file', async () => Promise.resolve(LABELLED.replace('c6', 'c7'))],
    [
      'a claim that kubectl changed',
      async (site: ManifestSite) => {
        await site.kube.mergePatch(DEVICE_CLAIM, { name: 'c2' }, { spec: { reclaimPolicy: 'Release' } });
        return LABELLED;
      },
    ],
    [
      'a claim that is gone',
      async (site: ManifestSite) => {
        await site.kube.delete(DEVICE_CLAIM, { name: 'c2' });
        return LABELLED;
      },
    ],
    [
      'a claim that came',
      async (site: ManifestSite) => {
        await site.claim('c3', { match: { serial: serialOf(3) }, labels: { a: 'new' } });
        return LABELLED;
      },
    ],
  ])('does not hold for %s', async (_what, change) => {
    const site = await halfFull();
    const { digest } = site.preview(LABELLED);
    const text = await change(site);
    const [code] = await codeOf(site.desk.import({ format: 'csv', text, digest, take: 'good' }));
    expect(code).toBe('MANIFEST_OUTDATED');
  });

  it('holds while the binder writes what became of a claim', async () => {
    const site = await halfFull();
    const { digest } = site.preview(LABELLED);
    const [claim] = await site.claims();
    if (claim === undefined) throw new TypeError('no claim');
    await site.kube.replaceStatus(DEVICE_CLAIM, { ...claim, status: { phase: 'Waiting' } });
    const outcome = await site.desk.import({ format: 'csv', text: LABELLED, digest, take: 'all' });
    expect(outcome).toEqual({ created: 4, changed: 1, unchanged: 1, left: [] });
    await told();
  });
});
