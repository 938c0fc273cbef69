import { signal, type ReadonlySignal } from '@preact/signals';

/** Whether the browser trusts the page's certificate; undefined until that is known. */
export interface PageTrust {
  isTrusted: ReadonlySignal<boolean | undefined>;
}

/**
 * Starts the worker that keeps the page's own files. A browser refuses it where it does not trust the certificate, even
 * if a person has gone past the warning: there is no other way to learn that.
 */
export function startWorker(): PageTrust {
  const isTrusted = signal<boolean | undefined>(undefined);
  // Undefined outside a secure context, whatever the types say.
  const workers = navigator.serviceWorker as ServiceWorkerContainer | undefined;
  if (workers === undefined) isTrusted.value = false;
  else {
    workers.register('/worker.js').then(
      () => (isTrusted.value = true),
      () => (isTrusted.value = false),
    );
  }
  return { isTrusted };
}
