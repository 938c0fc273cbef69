/** A source of unpredictable bytes. Injected, so that tests can repeat a run. */
export interface Random {
  /** `count` bytes, fit for keys. */
  bytes(count: number): Uint8Array;
}

/** The platform's cryptographic generator (Web Crypto). */
export const systemRandom: Random = {
  bytes: (count) => crypto.getRandomValues(new Uint8Array(count)),
};
