import type { Reply } from '../../support/api-fixture.ts';

interface Means {
  get: (path: string) => Promise<Reply>;
  post: (path: string, body: unknown) => Promise<Reply>;
  stranger: (method: string, path: string) => () => Promise<Reply>;
  unknown: (method: string, path: string, body?: unknown) => () => Promise<Reply>;
}

const HANDOVER = '/services/hall/vibration/units/left/handover';
const TAKEOVER = '/services/hall/valve/units/right/takeover';

/** The operations on sensor services, each with a success and a refusal, on the sample services. */
export function serviceWalks({ get, post, stranger, unknown }: Means) {
  return {
    listServices: { done: () => get('/services'), refused: stranger('GET', '/services') },
    getService: { done: () => get('/services/hall/vibration'), refused: unknown('GET', '/services/hall/unknown') },
    handOverUnit: {
      done: () => post(HANDOVER, { to: 'pi-b' }),
      refused: unknown('POST', HANDOVER, { to: 'pi-a' }),
    },
    takeOverUnit: {
      done: () => post(TAKEOVER, { to: 'pi-d', vouched: true, epoch: 7 }),
      refused: unknown('POST', TAKEOVER, { to: 'pi-d', vouched: true, epoch: 6 }),
    },
  };
}
