import { describe, expect, it } from 'vitest';
import { addressOf, countedAs } from '../../../join/enrol/addresses.ts';

describe('the address of a caller', () => {
  it.each([
    ['192.0.2.7', '192.0.2.7'],
    ['::ffff:192.0.2.7', '192.0.2.7'],
    [undefined, 'unknown'],
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
    ['2001:db8:1:2::9', '2001:db8:1:2::/64'],
    ['2001:0DB8:1:2::9', '2001:db8:1:2::/64'],
    ['2001:db8::9', '2001:db8:0:0::/64'],
    ['fe80::1%eth0', 'fe80:0:0:0::/64'],
    ['::1', '0:0:0:0::/64'],
    ['::', '0:0:0:0::/64'],
  ])('%s is counted as %s', (remoteAddress, counted) => {
    expect(countedAs(addressOf(remoteAddress))).toBe(counted);
  });

  it('is shown in full', () => {
    expect(addressOf('2001:db8:1:2::9')).toBe('2001:db8:1:2::9');
  });
});
