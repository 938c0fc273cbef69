import { expect, it } from 'vitest';
import type { AlarmView, DeviceView } from '../../../api/core/schemas.ts';
import { changesInWords, newAlarms } from '../../../ui/announcements.ts';
import { en } from '../../../ui/messages/en.ts';
import { offerWords } from '../../../ui/offer-words.ts';

function alarm(id: string): AlarmView {
  return { id, code: 'HARDWARE_CHANGED', message: `message ${id}`, remedy: 'r', since: '2026-01-01T00:00:00Z' };
}

it('tells an alarm that is new, several as a number, and none that was there before', () => {
  expect(newAlarms([], [alarm('a')], en)).toBe('Alarm: message a.');
  expect(newAlarms([alarm('a')], [alarm('a'), alarm('b'), alarm('c')], en)).toBe('2 new alarms.');
  expect(newAlarms([alarm('a'), alarm('b')], [alarm('b')], en)).toBe('');
});

it('tells that a device was replaced', () => {
  const device: DeviceView = {
    ...{ id: 'old', shortId: 'old', stage: 'Ready', since: '2026-01-01T00:00:00Z', macs: [] },
    ...{ evidence: 'CardToken', claimable: false, nodeName: 'lathe-left' },
  };
  const { stands } = changesInWords(undefined, [device], en);
  expect(changesInWords(stands, [{ ...device, stage: 'Replaced' }], en).text).toBe('lathe-left: Replaced.');
});

it.each([
  ['Serial', 'This looks like lathe-left’s board with a fresh card.', 'serial number'],
  ['Duid', 'This looks like lathe-left’s board with a fresh card.', 'DUID'],
  ['Token', 'This came with lathe-left’s card, but with another key.', 'copied it'],
] as const)('says what an offer by %s means, and that it proves nothing', (because, title, why) => {
  const words = offerWords({ device: 'old', shortId: 'old', nodeName: 'lathe-left', because }, en);
  expect(words.title).toBe(title);
  expect(words.why).toContain(why);
  expect(offerWords({ device: 'old', shortId: 'k4t7m2', because }, en).title).toContain('k4t7m2’s');
});
