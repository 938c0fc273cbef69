import { render } from 'preact';
import { App } from './app.tsx';
import { createLiveStore } from './live-store.ts';

const root = document.getElementById('app');
if (root !== null) {
  root.replaceChildren();
  render(<App store={createLiveStore()} />, root);
}
