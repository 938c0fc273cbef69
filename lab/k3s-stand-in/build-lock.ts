import { MachineLock } from '../machine-lock.ts';

/** Keeps two builds of one target apart. */
export const BuildLock = {
  /** Waits until nobody else builds `target`; rejects with the signal's reason when it is aborted. */
  take(target: string, options: { onProgress: (line: string) => void; signal?: AbortSignal }): Promise<MachineLock> {
    const { onProgress, signal } = options;
    const onWait = (): void => onProgress('Waiting for another process that builds the k3s stand-in');
    return MachineLock.take(target, { onWait, ...(signal && { signal }) });
  },
};
