import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { CATALOGUE } from '../../../foundation/error-catalogue.ts';
import { ApiFixture, codeOf, type Reply } from '../../support/api-fixture.ts';
import { ManualClock } from '../../support/manual-clock.ts';

const PASSWORD = 'copper-lantern-walks-slowly';
const ANNA = { name: 'anna', password: PASSWORD };
const PAGE = { host: 'usher.local', origin: 'https://usher.local' };

let api: ApiFixture;
let clock: ManualClock;
beforeEach(async () => {
  clock = new ManualClock(Date.now());
  api = await new ApiFixture().start({ clock });
  await post('/users', { name: 'anna', role: 'admin', password: PASSWORD }, api.bearer);
});
afterEach(() => api.stop());

const post = (path: string, body: unknown, headers: Record<string, string> = {}): Promise<Reply> =>
  api.call(`/api/v1${path}`, { method: 'POST', body, headers });

/** Each way to sign in, tried with something wrong, and one that is not signing in but asks for a password too. */
const WAYS: Record<string, (n: number) => Promise<Reply>> = {
  code: (n) => post('/session', { code: `AAAA-AAA${n}` }),
  'password of a user': (n) => post('/session', { name: 'anna', password: `wrong ${n}` }),
  'password of nobody': (n) => post('/session', { name: `nobody-${n}`, password: 'wrong' }),
  passkey: () => {
    const response = { clientDataJSON: 'AAAA', authenticatorData: 'AAAA', signature: 'AAAA' };
    const shown = { id: 'AAAA', rawId: 'AAAA', type: 'public-key', clientExtensionResults: {}, response };
    return post('/session/passkey', { response: shown }, PAGE);
  },
};
const GUESSED = ['SIGN_IN_FAILED', 'PASSWORD_REFUSED', 'PASSKEY_REFUSED'];

describe('all ways to sign in together', () => {
  it.each(Object.keys(WAYS))('give an address five tries, of which the first are by %s', async (first) => {
    const others = Object.keys(WAYS).filter((way) => way !== first);
    const order = [first, first, ...others, ...Object.keys(WAYS)];
    const codes: (string | undefined)[] = [];
    for (const [n, way] of order.entries()) codes.push(codeOf((await WAYS[way]?.(n)) as Reply));
    expect(codes.slice(0, 5).filter((code) => !GUESSED.includes(code ?? ''))).toEqual([]);
    expect(new Set(codes.slice(5))).toEqual(new Set(['SIGN_IN_LIMITED']));
    // Nor does the right answer help now.
    expect(codeOf(await post('/session', ANNA))).toBe('SIGN_IN_LIMITED');
    const code = api.server.newSignInCode().code.reveal();
    expect(codeOf(await post('/session', { code }))).toBe('SIGN_IN_LIMITED');
  });

  it('give five tries also when all come at the same moment', async () => {
    const replies = await Promise.all(
      Array.from({ length: 5 }, (_, n) => Object.values(WAYS).map((way) => way(n))).flat(),
    );
    expect(replies.map(codeOf).filter((code) => GUESSED.includes(code ?? ''))).toHaveLength(5);
  });

  it('count a session that guesses its own present password', async () => {
    const anna = await api.signIn(ANNA);
    for (let n = 0; n < 5; n += 1) {
      expect(codeOf(await post('/own-password', { present: `wrong ${n}`, next: PASSWORD }, anna))).toBe(
        'PASSWORD_REFUSED',
      );
    }
    expect(codeOf(await post('/own-password', { present: PASSWORD, next: PASSWORD }, anna))).toBe('SIGN_IN_LIMITED');
  });

  it('learn nothing and lose nothing by what is malformed', async () => {
    for (const body of [
      {},
      { code: 1 },
      { name: 'anna' },
      { password: 'x' },
      { code: 'x', name: 'anna', password: 'x' },
    ]) {
      expect(codeOf(await post('/session', body))).toBe('REQUEST_INVALID');
    }
    expect((await post('/session', ANNA)).status).toBe(200);
  });
});

describe('an address that guessed for long', () => {
  it('may use a code of the console again after an hour at most, and is told so', async () => {
    let tries = 0;
    const guess = async (): Promise<Reply> => post('/session', { code: `AAAA-AA${(tries += 1)}` });
    const waits: number[] = [];
    for (let round = 0; round < 8; round += 1) {
      for (let n = 0; n < 5; n += 1) await guess();
      const reply = await guess();
      expect(codeOf(reply)).toBe('SIGN_IN_LIMITED');
      const waitSec = Number(reply.headers['retry-after']);
      waits.push(waitSec);
      clock.advance(waitSec * 1000);
    }
    expect(waits).toEqual([900, 1800, 3600, 3600, 3600, 3600, 3600, 3600]);
    expect((await post('/session', { code: api.server.newSignInCode().code.reveal() })).status).toBe(200);
    expect(CATALOGUE.SIGN_IN_LIMITED.remedy).toContain('an hour at most');
  });
});
