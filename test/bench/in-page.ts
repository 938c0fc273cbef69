// What the bench of the page asks in the browser: as text, since the rest of this folder knows no DOM.

/** Resolves with the milliseconds since the page was asked for, once it can be used. */
export const USABLE_AFTER_MS = `new Promise((resolve) => {
  const look = () => {
    if (document.querySelector('#search') === null) requestAnimationFrame(look);
    else requestAnimationFrame(() => resolve(performance.now()));
  };
  look();
})`;

/** The paths of the scripts of the first load. */
export const FIRST_SCRIPTS = `[...document.querySelectorAll('script[src], link[rel=modulepreload]')].map(
  (element) => element.getAttribute('src') ?? element.getAttribute('href'),
)`;

/** Gathers the times between frames, and the longest time that the page did not answer to input. */
export const WATCH_FRAMES = `(() => {
  globalThis.frames_ = { gaps: [], longest: 0 };
  let lastMs = performance.now();
  const next = (nowMs) => {
    globalThis.frames_.gaps.push(nowMs - lastMs);
    lastMs = nowMs;
    requestAnimationFrame(next);
  };
  requestAnimationFrame(next);
  new PerformanceObserver((list) => {
    for (const { duration } of list.getEntries()) {
      globalThis.frames_.longest = Math.max(globalThis.frames_.longest, duration);
    }
  }).observe({ type: 'longtask' });
})()`;

/** What `WATCH_FRAMES` has gathered. */
export const FRAMES = 'globalThis.frames_';

/** Resolves with the time (milliseconds since the epoch) when a text has been painted. */
export function paintedAtMs(text: string): string {
  return `new Promise((resolve) => {
    const look = () => {
      if (!document.querySelector('main').textContent.includes(${JSON.stringify(text)})) requestAnimationFrame(look);
      else requestAnimationFrame(() => setTimeout(() => resolve(performance.timeOrigin + performance.now())));
    };
    look();
  })`;
}
