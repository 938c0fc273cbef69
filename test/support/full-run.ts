/** A count for `npm test`, and a larger one for `npm run test:full`; or whatever else differs between them. */
export function runs<T = number>(reduced: T, full: T): T {
  return process.env['USHER_FULL'] === '1' ? full : reduced;
}
