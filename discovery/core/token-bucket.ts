/** Lets `perMinute` things pass a minute on average, and after a quiet time `atOnce` in one go. */
export function createTokenBucket(perMinute: number, atOnce = perMinute): { take(nowMs: number): boolean } {
  let tokens = atOnce;
  let filledAtMs: number | undefined;
  return {
    take(nowMs) {
      const passedMs = Math.max(0, nowMs - (filledAtMs ?? nowMs));
      tokens = Math.min(atOnce, tokens + (passedMs * perMinute) / 60_000);
      filledAtMs = nowMs;
      if (tokens < 1) return false;
      tokens -= 1;
      return true;
    },
  };
}
