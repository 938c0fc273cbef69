import { expect, it } from 'vitest';
import { claimCodeIn, deviceHref, hrefOf, labelledIn, routeOf, serviceHref } from '../../../ui/route.ts';

const ID = 'k4t7m2c0ffee00000000000000';

it.each([
  ['/', { view: 'site' }],
  ['/c', { view: 'scan' }],
  ['/import', { view: 'import' }],
  [`/device/${ID}`, { view: 'device', id: ID }],
  ['/device/mac%3Ab8%3A27', { view: 'device', id: 'mac:b8:27' }],
  ['/device/%zz', { view: 'device', id: '%zz' }],
  ['/services', { view: 'services' }],
  ['/services/hall/vibration', { view: 'service', id: 'hall/vibration' }],
  ['/services/hall', undefined],
  ['/trust', undefined],
  ['/api/v1/site', undefined],
  ['/device/', undefined],
])('%s is %j', (path, route) => {
  expect(routeOf(path)).toEqual(route);
});

it('gives addresses that lead back', () => {
  expect(routeOf(deviceHref('mac:b8:27'))).toEqual({ view: 'device', id: 'mac:b8:27' });
  expect(routeOf(serviceHref('hall', 'valve'))).toEqual({ view: 'service', id: 'hall/valve' });
  expect(routeOf(hrefOf('audit'))).toEqual({ view: 'audit' });
});

it.each([
  [`#1.${ID}.k7qf2m9xtr4c8whd`, `1.${ID}.k7qf2m9xtr4c8whd`],
  [`#1.${ID.toUpperCase()}.K7QF2M9XTR4C8WHD`, `1.${ID.toUpperCase()}.K7QF2M9XTR4C8WHD`],
  ['#1..K7QF2M9XTR4C8WHD', '1..K7QF2M9XTR4C8WHD'],
  [`#2.${ID}.k7qf2m9xtr4c8whd`, undefined],
  [`#1.${ID}.short`, undefined],
  [`#1.${ID}.k7qf2m9xtr4c8whd&x=1`, undefined],
  ['', undefined],
])('the claim code in %s is %s', (hash, code) => {
  expect(claimCodeIn(hash)).toBe(code);
});

it.each([
  ['/d', `#${ID}`, ID],
  ['/d', '#lathe%20left', 'lathe left'],
  ['/d', '', undefined],
  ['/d', `#${'x'.repeat(254)}`, undefined],
  ['/c', `#${ID}`, undefined],
])('the label at %s%s names %s', (path, hash, named) => {
  expect(labelledIn(path, hash)).toBe(named);
});
