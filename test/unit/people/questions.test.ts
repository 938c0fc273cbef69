import { beforeEach, describe, expect, it } from 'vitest';
import { Passkeys } from '../../../api/server/people/passkeys.ts';
import { Questions } from '../../../api/server/people/questions.ts';
import { PEOPLE_LABEL, SecretBook } from '../../../api/server/people/secret-book.ts';
import { UserRecord } from '../../../api/server/people/users.ts';
import { silentLogger } from '../../../foundation/logger.ts';
import { systemRandom } from '../../../foundation/random.ts';
import { SECRET, USHER_NAMESPACE } from '../../../k8s/core/resources.ts';
import { FakeKube } from '../../support/fake-kube.ts';
import { ManualClock } from '../../support/manual-clock.ts';
import { SoftwareAuthenticator } from '../../support/software-authenticator.ts';

const LIFE_MS = 60_000;
/** More than any list of questions in memory ever held. */
const FLOOD = 5000;
const text = (question: Uint8Array): string => Buffer.from(question).toString('base64url');

let clock: ManualClock;
let questions: Questions;
beforeEach(() => {
  clock = new ManualClock();
  questions = new Questions({ clock, random: systemRandom, lifeMs: LIFE_MS });
});

describe('a question', () => {
  it('is answered once, however many are asked behind it', () => {
    const mine = text(questions.ask('anna'));
    for (let i = 0; i < FLOOD; i += 1) questions.ask('anna');
    expect([questions.answer(mine, 'anna'), questions.answer(mine, 'anna')]).toEqual([true, false]);
  });

  it('is answered in time', () => {
    const mine = text(questions.ask('anna'));
    clock.advance(LIFE_MS - 1);
    const other = text(questions.ask('anna'));
    expect(questions.answer(mine, 'anna')).toBe(true);
    clock.advance(LIFE_MS);
    expect(questions.answer(other, 'anna')).toBe(false);
  });

  it.each<[string, (mine: Buffer) => Uint8Array | string]>([
    ['a later end', (mine) => (mine.writeUIntBE(clock.nowMs() + 9 * LIFE_MS, 16, 6), mine)],
    ['another seed', (mine) => (mine.writeUInt8(mine.readUInt8(0) ^ 1, 0), mine)],
    ['another seal', (mine) => (mine.writeUInt8(mine.readUInt8(53) ^ 1, 53), mine)],
    ['nothing of ours', () => new Uint8Array(54)],
    ['less', (mine) => mine.subarray(1)],
    ['nothing', () => ''],
    ['that of another process', () => new Questions({ clock, random: systemRandom, lifeMs: LIFE_MS }).ask('anna')],
    ['one about somebody else', () => questions.ask('emma')],
  ])('is not %s', (_what, forge) => {
    const forged = forge(Buffer.from(questions.ask('anna')));
    expect(questions.answer(typeof forged === 'string' ? forged : text(forged), 'anna')).toBe(false);
  });

  it('has secrets that are its own', () => {
    const [one, other] = [questions.ask('x'), questions.ask('x')];
    const secrets = [one, other].flatMap((each) => ['state', 'nonce'].map((what) => questions.secretOf(each, what)));
    expect(new Set(secrets).size).toBe(4);
    expect(questions.secretOf(one, 'state')).toBe(secrets[0]);
  });
});

it('a passkey still signs in when a flood of others asked to meanwhile', async () => {
  const place = { host: 'usher.local', origin: 'https://usher.local' };
  const key = new SoftwareAuthenticator();
  const kube = new FakeKube();
  const informer = kube.inform(SECRET, { namespace: USHER_NAMESPACE, labelSelector: PEOPLE_LABEL });
  await informer.synced();
  const book = new SecretBook({ kube, informer, clock, logger: silentLogger, kind: 'user', shape: UserRecord });
  const at = '2026-01-01T00:00:00Z';
  const password = { hash: '', changedAt: at };
  await book.create('anna', {
    name: 'anna',
    role: 'viewer',
    handle: 'aGFuZGxl',
    createdAt: at,
    password,
    passkeys: [],
  });
  const passkeys = new Passkeys({ book, clock, random: systemRandom, siteName: () => 'hall-3' });
  const made = key.create((await passkeys.creationOptions('anna', place)).challenge, place);
  await passkeys.add('anna', { name: 'phone', response: made as never }, place);
  const { challenge } = await passkeys.requestOptions(place);
  for (let i = 0; i < 1100; i += 1) await passkeys.requestOptions(place);
  expect(await passkeys.signIn({ response: key.get(challenge, place) as never }, place)).toEqual({
    name: 'anna',
    role: 'viewer',
  });
});
