/** A count for `npm test`, and a larger one for `npm run test:full`. */
export function runs(reduced: number, full: number): number {
  return process.env['USHER_FULL'] === '1' ? full : reduced;
}
