import type { CatalogueEntry } from './entry.ts';

/** The virtual site. */
export const LAB_ERRORS = {
  LAB_NOT_RUNNING: {
    http: 404,
    message: 'No lab named {name} is running',
    remedy: 'Start one with npm start -- --lab 3.',
  },
  LAB_ALREADY_RUNNING: {
    http: 409,
    message: 'A lab named {name} is running already (process {pid})',
    remedy: 'Stop it with Ctrl-C where it runs, or choose another name with --lab-name.',
  },
  LAB_MACHINE_UNKNOWN: {
    http: 404,
    message: 'The lab has no machine {machine}',
    remedy: 'usher lab status lists the machines.',
  },
  LAB_MACHINE_OFF: {
    http: 409,
    message: 'The machine {machine} is switched off',
    remedy: 'usher lab boot {machine} switches it on.',
  },
  LAB_MACHINE_FAILED: {
    http: 500,
    message: 'The machine {machine} did not start: {detail}',
    remedy:
      'Its console.log in the state folder of the lab names the step. Machines need root and a file system that carries an overlay.',
  },
  HOLLOW_PI_FAILED: {
    http: 502,
    message: 'The hollow Pi {machine} did not get on: {detail}',
    remedy:
      'It tries again by itself. The log of the appliance and k3s.log on the master say what they answered and why.',
  },
  LAB_BUILD_FAILED: {
    http: 500,
    message: 'Building the k3s stand-in failed: {detail}',
    remedy:
      'Its log names the place. It needs Go, about 6 GB of disk and the Go module proxy; or pass a real k3s with --k3s PATH.',
  },
} as const satisfies Record<string, CatalogueEntry>;
