import { describe, expect, it } from 'vitest';
import { scannedField } from '../../../../api/core/manifest/scanned.ts';

const ID = 'k4t7m2c0ffee00000000000000';

describe('a scanned text', () => {
  it.each([
    ['10000000ABCDEF01', 'serial', '10000000abcdef01', true],
    ['S/N: 10000000abcdef01', 'serial', '10000000abcdef01', true],
    ['SN:XK-77', 'serial', 'XK-77', true],
    ['abcdef01', 'serial', '00000000abcdef01', false],
    ['B827EBC0FFEE', 'mac', 'b8:27:eb:c0:ff:ee', true],
    ['MAC: b8-27-eb-c0-ff-ee', 'mac', 'b8:27:eb:c0:ff:ee', true],
    ['MAC ID B8:27:EB:C0:FF:EE', 'mac', 'b8:27:eb:c0:ff:ee', true],
    ['fc6f6c3d-5622-4822-b565-81b0d3860e67', 'duid', 'fc6f6c3d56224822b56581b0d3860e67', true],
    ['00112233445566778899aabb', 'duid', '00112233445566778899aabb', false],
    ['ab'.repeat(32), 'keyFingerprint', 'ab'.repeat(32), true],
    [`https://usher.local/c#1.${ID}.qk4t7mk7qf2m9xtr`, 'device', ID, true],
    [`https://192.168.8.1:8443/c#1.${ID.toUpperCase()}.QK4T7MK7QF2M9XTR`, 'device', ID, true],
    [`1.${ID}.qk4t7mk7qf2m9xtr`, 'device', ID, true],
    [ID.replaceAll('0', 'O'), 'device', ID, true],
  ])('%s', (text, field, value, isSure) => {
    expect(scannedField(` ${text}\r\n`)).toEqual({ field, value, isSure });
  });

  it.each([
    '',
    'https://example.org/',
    'QK4T7M-K7QF-2M9X-TR4C-8WHD',
    '4006381333931',
    'MAC: 12',
    'x'.repeat(600),
    '<b>',
  ])('of no use: %s', (text) => expect(scannedField(text)).toBeUndefined());

  it('never takes a claim code into a file', () => {
    expect(JSON.stringify(scannedField(`https://usher.local/c#1.${ID}.qk4t7mk7qf2m9xtr`))).not.toContain('qk4t7');
  });
});
