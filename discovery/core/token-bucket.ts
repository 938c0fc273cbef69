/** Lets `perMinute` things pass a minute on average, and as many at once after a quiet minute. */
export function createTokenBucket(perMinute: number): { take(nowMs: number): boolean } {
  let tokens = perMinute;
  let filledAtMs: number | undefined;
  return {
    take(nowMs) {
      const passedMs = Math.max(0, nowMs - (filledAtMs ?? nowMs));
      tokens = Math.min(perMinute, tokens + (passedMs * perMinute) / 60_000);
      filledAtMs = nowMs;
      if (tokens < 1) return false;
      tokens -= 1;
      return true;
    },
  };
}
