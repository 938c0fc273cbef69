import type { CatalogueEntry } from './entry.ts';

/** What can go wrong anywhere. */
export const GENERAL_ERRORS = {
  INTERNAL: {
    http: 500,
    message: 'Something unexpected happened: {detail}',
    remedy: 'Look at the appliance log at this time; if it happens again, report it with the log.',
  },
  CONFIG_INVALID: {
    http: 400,
    message: 'The configuration is not valid: {detail}',
    remedy: 'Correct the flag, environment variable or file that the message names, and start again.',
  },
  NEEDS_ROOT: {
    http: 500,
    message: '{what} needs root',
    remedy: 'Run the same command as root, for instance with sudo.',
  },
  NODE_TOO_OLD: {
    http: 500,
    message: 'Node.js {version} runs this, but 24 is needed',
    remedy: 'Run npm ci in the checkout: it brings Node.js 24 along.',
  },
  TOOL_MISSING: {
    http: 500,
    message: 'The program {tool} is missing',
    remedy: 'Run usher doctor --fix, or install the package {package}.',
  },
  TOOL_FAILED: {
    http: 500,
    message: '{tool} failed: {detail}',
    remedy: 'The detail is what the program said itself; usher doctor checks what it needs.',
  },
  STOPPED: {
    http: 503,
    message: 'Stopped on request',
    remedy: 'Nothing to do: the work was interrupted on purpose and goes on at the next start.',
  },
  TIMED_OUT: {
    http: 504,
    message: '{what} took longer than {limitMs} ms',
    remedy: 'Try again; if it stays slow, look at the load of the machine and at the log of the part that is named.',
  },
  LISTEN_FAILED: {
    http: 500,
    message: 'Cannot listen on {address}: {detail}',
    remedy: 'Free the port (ss -ltnp shows who holds it) or choose another one by flag.',
  },
} as const satisfies Record<string, CatalogueEntry>;
