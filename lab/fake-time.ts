import { existsSync } from 'node:fs';

/** Debian's places of the library, by architecture. */
const LIBRARIES = ['x86_64', 'aarch64'].map((arch) => `/usr/lib/${arch}-linux-gnu/faketime/libfaketime.so.1`);

/** libfaketime on this machine, or undefined. */
export function fakeTimeLibrary(): string | undefined {
  return LIBRARIES.find((path) => existsSync(path));
}

/**
 * The environment in which a program of the C library sees a clock that is off by what `clockFile` says, read anew at
 * every look; empty without that file. Timers are left alone.
 */
export function fakeTimeEnvironment(clockFile: string): Record<string, string> {
  const library = fakeTimeLibrary();
  if (library === undefined || !existsSync(clockFile)) return {};
  return {
    LD_PRELOAD: library,
    FAKETIME_TIMESTAMP_FILE: clockFile,
    FAKETIME_NO_CACHE: '1',
    FAKETIME_DONT_FAKE_MONOTONIC: '1',
  };
}
