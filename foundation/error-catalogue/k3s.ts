import type { CatalogueEntry } from './entry.ts';

/** Finding, fetching and running k3s. */
export const K3S_ERRORS = {
  K3S_DOWNLOAD_FAILED: {
    http: 502,
    message: 'Downloading k3s from {url} failed: {detail}',
    remedy: 'Check the way to the release server, name a mirror with --k3s-mirror, or pass a binary with --k3s PATH.',
  },
  K3S_HASH_MISMATCH: {
    http: 502,
    message: 'The file from {url} has SHA-256 {actual}, but {expected} was expected; it was removed',
    remedy:
      'The mirror holds another file or the download was tampered with. Compare with the release page before trying again.',
  },
  K3S_NOT_EXECUTABLE: {
    http: 500,
    message: '{path} is not a k3s binary that runs here: {detail}',
    remedy: 'Pass the k3s binary for this architecture with --k3s PATH.',
  },
  K3S_EXITED: {
    http: 503,
    message: 'k3s ended with {detail}',
    remedy:
      'It is started again by itself. Its last lines are in the log; k3s.log in the state folder has all of them.',
  },
  K3S_NOT_READY: {
    http: 503,
    message: 'The Kubernetes API did not answer within {limitMs} ms',
    remedy: 'Look at k3s.log in the state folder; usher doctor checks what k3s needs.',
  },
} as const satisfies Record<string, CatalogueEntry>;
