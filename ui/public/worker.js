// Keeps the page's own files, so that the installed page opens at once and can say that the appliance is out of reach.
// What the API answers is never kept.
const SHELL = 'usher-shell-2';
const HASHED = '/assets/';

self.addEventListener('install', (event) => {
  event.waitUntil(
    caches
      .open(SHELL)
      .then((cache) => cache.addAll(['/', '/icon.svg', '/manifest.webmanifest']))
      .then(() => self.skipWaiting()),
  );
});

self.addEventListener('activate', (event) => {
  event.waitUntil(
    caches
      .keys()
      .then((names) => Promise.all(names.filter((name) => name !== SHELL).map((name) => caches.delete(name))))
      .then(() => self.clients.claim()),
  );
});

self.addEventListener('fetch', (event) => {
  const { request } = event;
  const url = new URL(request.url);
  if (request.method !== 'GET' || url.origin !== self.location.origin) return;
  if (url.pathname.startsWith(HASHED)) event.respondWith(fromCache(request));
  else if (request.mode === 'navigate' && isPage(url.pathname)) event.respondWith(pageOf(request));
});

/** The appliance's own pages (how to trust it) and its API are none of ours. */
function isPage(path) {
  return !/^\/(api|trust|metrics|healthz)(\/|$)/.test(path);
}

/** Names with a hash of their content never change. */
async function fromCache(request) {
  const cache = await caches.open(SHELL);
  const kept = await cache.match(request);
  if (kept !== undefined) return kept;
  const answer = await fetch(request);
  if (answer.ok) {
    await cache.put(request, answer.clone());
    await forgetOld(cache);
  }
  return answer;
}

/** The page itself comes from the appliance; only without an answer from here. */
async function pageOf(request) {
  try {
    const answer = await fetch(request);
    // Also a picture that is opened by itself is a navigation.
    const isPage = answer.ok && answer.headers.get('content-type')?.startsWith('text/html') === true;
    if (isPage) await (await caches.open(SHELL)).put('/', answer.clone());
    return answer;
  } catch (error) {
    const kept = await caches.match('/');
    if (kept !== undefined) return kept;
    throw error;
  }
}

/** Files of earlier versions go, oldest first. */
async function forgetOld(cache) {
  const files = (await cache.keys()).filter(({ url }) => new URL(url).pathname.startsWith(HASHED));
  await Promise.all(files.slice(0, Math.max(0, files.length - 40)).map((file) => cache.delete(file)));
}
