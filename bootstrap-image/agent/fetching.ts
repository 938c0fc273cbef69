import type { Clock } from '../../foundation/clock.ts';
import { asUsherError } from '../../foundation/errors.ts';
import type { ArtifactStore } from './adapters/artifacts.ts';
import type { EnrolClient } from './adapters/enrol-client.ts';
import { architecture } from './adapters/hardware.ts';
import type { Problem, Progress } from './core/console-text.ts';
import { problemOf } from './core/refusal.ts';

const PROGRESS_EVERY_MS = 1_000;

export interface FetchingOptions {
  readonly artifacts: ArtifactStore;
  readonly clock: Clock;
  /** There is progress to show; not more often than once a second. */
  readonly onProgress: () => void;
}

/** Fetches k3s and its images: one download at a time, shared by whoever waits for it. */
export class Fetching {
  readonly #options: FetchingOptions;
  #running: Promise<void> | undefined;
  #shownAtMs = 0;
  /** The version of k3s, once all is there. */
  k3sVersion: string | undefined;
  progress: Progress | undefined;
  /** Why the last download failed. */
  problem: Problem | undefined;

  constructor(options: FetchingOptions) {
    this.#options = options;
  }

  /** Nothing is there yet, and nothing is on its way. */
  get isIdle(): boolean {
    return this.k3sVersion === undefined && this.#running === undefined;
  }

  run(client: EnrolClient): Promise<void> {
    const { artifacts } = this.#options;
    this.#running ??= artifacts
      .ensure(client, architecture(), (progress) => this.#note(progress))
      .then(
        (k3sVersion) => {
          this.k3sVersion = k3sVersion;
          this.problem = undefined;
        },
        (error: unknown) => {
          this.problem = problemOf(asUsherError(error));
          throw error;
        },
      )
      .finally(() => {
        this.#running = undefined;
        this.progress = undefined;
      });
    return this.#running;
  }

  #note(progress: Progress): void {
    const { clock, onProgress } = this.#options;
    this.progress = progress;
    const nowMs = clock.nowMs();
    if (Math.abs(nowMs - this.#shownAtMs) < PROGRESS_EVERY_MS) return;
    this.#shownAtMs = nowMs;
    onProgress();
  }
}
