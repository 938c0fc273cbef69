import { describe, expect, it } from 'vitest';
import type { Death } from './mortal.ts';
import { JoinSite, LABELS, Pi, settle } from './join-site.ts';

/** Moments of a join, a second each, after which it must be over however often the appliance was killed. */
const MOMENTS = 20;

interface End {
  writes: number;
  /** The appliance died as it was told to. */
  died: boolean;
  end: object;
}

/**
 * One join from the claim to the labelled node. The appliance dies around one of its writes and is started anew, or the
 * API server is away for a moment around it; the device goes on as a real one does, asking again for what it got no
 * answer to.
 */
async function joinThrough(death?: Death, outage?: Death): Promise<End> {
  const site = await JoinSite.create({ started: false });
  await site.claim('lathe-left', { match: { serial: 's1' }, labels: LABELS });
  const pi = new Pi(site, 's1');
  const process = await site.start(death, outage);
  for (let moment = 0; moment < MOMENTS; moment += 1) {
    await pi.live();
    if (!site.isUp()) await site.start();
    await site.pass(1000);
  }
  await settle();
  const device = await site.device(pi.id);
  const node = await site.node('lathe-left');
  return {
    writes: process.writes,
    died: process.isDead,
    end: {
      state: device.status?.join?.state,
      attempt: device.status?.join?.attempt,
      ready: device.status?.conditions?.find(({ type }) => type === 'Ready')?.status,
      claim: (await site.claimNamed('lathe-left'))?.status?.phase,
      isOneNode: device.status?.nodeRef?.uid === node?.metadata.uid,
      labels: node?.metadata.labels,
      tickets: site.ticketsMade().size,
      tokens: await site.tokens(),
      names: await site.listedNames(),
      passwords: (await site.passwords()).length,
      errors: site.kube.handlerErrors,
    },
  };
}

const GOOD = {
  state: 'ready',
  attempt: 1,
  ready: 'True',
  claim: 'Joined',
  isOneNode: true,
  labels: LABELS,
  tickets: 1,
  tokens: [],
  names: ['master'],
  passwords: 1,
  errors: [],
};

describe('a join whose appliance is killed', async () => {
  const { writes, end } = await joinThrough();

  it('ends well when it is not', () => {
    expect(end).toEqual(GOOD);
    expect(writes).toBeGreaterThan(10);
  });

  const deaths = Array.from({ length: writes }, (_, i) => i + 1).flatMap((write): Death[] => [
    { write, moment: 'before' },
    { write, moment: 'after' },
  ]);
  it.each(deaths)('survives an API server that is away $moment write $write', async (outage) => {
    expect((await joinThrough(undefined, outage)).end).toEqual(GOOD);
  });

  it.each(deaths)('$moment write $write, ends with one ready node of one ticket', async (death) => {
    const killed = await joinThrough(death);
    expect(killed.died).toBe(true);
    expect(killed.end).toEqual(GOOD);
  });
});
