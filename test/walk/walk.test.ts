import { afterAll, afterEach, beforeAll, describe, expect, inject } from 'vitest';
import type {} from '../browser/support/build-page.ts';
import { runs } from '../support/full-run.ts';
import { WalkSite } from './support/walk-site.ts';
import { claimWalk } from './walks/claim.ts';
import { connectionWalk } from './walks/connection.ts';
import { identifyWalk } from './walks/identify.ts';
import { ignoreWalk } from './walks/ignore.ts';
import { importWalk } from './walks/import.ts';
import { peopleWalk } from './walks/people.ts';
import { replaceWalk } from './walks/replace.ts';
import { revokeWalk } from './walks/revoke.ts';
import { scanWalk } from './walks/scan.ts';

/** Some walks are only taken by `npm run test:full`. */
const isFull = runs(0, 1) === 1;

/**
 * People with real browsers in front of the page of a real site: appliance, API server, Pis. They have nothing but the
 * page, and hands for cables, power and cards. One site for all of them, in the order of its life.
 */
describe('a site and its people', () => {
  let site: WalkSite | undefined;
  const at = (): WalkSite => site ?? expect.fail('there is no site');

  beforeAll(async () => {
    site = await WalkSite.start(inject('uiDir'));
  });
  afterEach(async ({ task }) => {
    if (task.result?.state === 'fail') console.log(await site?.lastWords());
    expect(await site?.closePages()).toEqual([]);
  });
  afterAll(async () => {
    await site?.stop();
  });

  claimWalk(at);
  scanWalk(at);
  replaceWalk(at);
  revokeWalk(at);
  describe.runIf(isFull)('further', () => {
    identifyWalk(at);
    ignoreWalk(at);
    connectionWalk(at);
    peopleWalk(at);
    importWalk(at);
  });
});
