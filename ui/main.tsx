import { render } from 'preact';
import { App } from './app.tsx';
import { createLiveStore } from './live-store.ts';
import { createRouter } from './router.ts';
import { startWorker } from './trust.ts';

const root = document.getElementById('app');
if (root !== null) {
  root.replaceChildren();
  render(<App store={createLiveStore()} router={createRouter()} trust={startWorker()} />, root);
}
