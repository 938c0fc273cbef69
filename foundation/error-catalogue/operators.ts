import type { CatalogueEntry } from './entry.ts';

/** The page, the API and the command line. */
export const OPERATOR_ERRORS = {
  SIGN_IN_NEEDED: {
    http: 401,
    message: 'Sign in first',
    remedy: 'Open the page and enter the code that usher sign-in-code prints on the appliance.',
  },
  SIGN_IN_FAILED: {
    http: 401,
    message: 'The code is wrong, used or too old',
    remedy: 'Run usher sign-in-code on the appliance for a new one.',
  },
  HOST_NOT_ALLOWED: {
    http: 421,
    message: 'The name {host} is not one of this appliance',
    remedy: 'Use one of its addresses, or allow the name with --allow-host.',
  },
  ORIGIN_NOT_ALLOWED: {
    http: 403,
    message: 'Requests from {origin} are not accepted',
    remedy: 'Open the page of the appliance itself.',
  },
  REQUEST_INVALID: {
    http: 400,
    message: 'The request is not valid: {detail}',
    remedy: 'Correct what the message names; /api/v1/openapi.json describes every request.',
  },
  REQUEST_TOO_LARGE: {
    http: 413,
    message: 'The request is larger than {limitBytes} bytes',
    remedy: 'Send less at once.',
  },
  ROUTE_UNKNOWN: {
    http: 404,
    message: 'There is nothing at {path}',
    remedy: '/api/v1/openapi.json lists every path.',
  },
  CSRF_TOKEN_INVALID: {
    http: 403,
    message: 'The request carries no valid X-Usher-CSRF header',
    remedy: 'Reload the page and try again.',
  },
  API_TOKEN_NEEDED: {
    http: 403,
    message: 'A signed-in page may not do this',
    remedy: 'Run usher sign-in-code on the appliance.',
  },
  DEVICE_WITHOUT_KEY: {
    http: 409,
    message: 'Of {id} only hints were seen; it has shown no key that could be remembered',
    remedy: 'Wait until its agent has said hello. By its MAC address it can be claimed or ignored now.',
  },
  IGNORED_MACS_FULL: {
    http: 409,
    message: '{most} MAC addresses are ignored already; no more can be remembered',
    remedy:
      'Take back some of them first: Settings of the page lists them, and usher device reconsider mac:… does it. If they come by themselves, find the switch port that they come from.',
  },
  DEVICE_CLAIMED: {
    http: 409,
    message: 'Device {id} is claimed by {claim} already',
    remedy: 'Change that claim, or remove it with usher unclaim {claim}.',
  },
  IDENTIFY_RUNNING: {
    http: 409,
    message: 'Device {id} shows itself already: {words}',
    remedy: 'Look for that one, or ask again when it is over.',
  },
  IDENTIFY_UNHEARD: {
    http: 504,
    message: 'Device {id} was asked to show itself, but nothing of it answers',
    remedy: 'Look whether it has power and network. One that is just joining listens again when it has joined.',
  },
  ALARM_UNKNOWN: {
    http: 404,
    message: 'There is no alarm {id}',
    remedy: 'usher alarms lists them; somebody may have acknowledged this one already.',
  },
  PAGE_NOT_BUILT: {
    http: 503,
    message: 'The web page was not built',
    remedy: 'Run npm run build; the command line works without it.',
  },
  PAGE_CERTIFICATE_FAILED: {
    http: 500,
    message: 'The certificate of the web page could not be made: {detail}',
    remedy: 'Look whether the state folder can be written; remove its folder page to begin with a new authority.',
  },
  PAGE_NAME_NOT_COVERED: {
    http: 500,
    message: "The site's own authority may not sign for {names}: browsers warn when they open the page so",
    remedy:
      'Give a certificate for these names with --tls-cert and --tls-key, or open the page by a private name or address.',
  },
  PAGE_TLS_INVALID: {
    http: 400,
    message: 'The certificate of --tls-cert and --tls-key cannot be used: {detail}',
    remedy: 'Give a PEM file with the certificate and those it was issued by, in this order, and its unencrypted key.',
  },
  PAGE_TLS_EXPIRED: {
    http: 400,
    message: 'The certificate of --tls-cert ({subject}) holds from {notBefore} to {notAfter} only',
    remedy: 'Renew it and write it to the same files: they are read again by themselves. Look at the clock, too.',
  },
  ACME_DIRECTORY_AWAY: {
    http: 502,
    message: 'The ACME server {url} does not answer: {detail}',
    remedy:
      'Look whether it runs and this machine reaches it. If its certificate is not believed, give the authority with --acme-ca. It is asked again by itself; until then the certificate at hand serves.',
  },
  ACME_CHALLENGE_REFUSED: {
    http: 502,
    message: 'The ACME server could not convince itself that {name} is this appliance: {detail}',
    remedy:
      'Look whether the ACME server resolves that name to this machine and reaches its port 80 (http-01); a firewall or a name without address is the usual reason. It is tried again by itself.',
  },
  ACME_PORT_TAKEN: {
    http: 500,
    message: 'Port {port} is not free to answer the ACME server: {detail}',
    remedy:
      'Free that port, or forward port 80 to another one and name that with --acme-port. It is tried again by itself.',
  },
  ACME_LIMITED: {
    http: 429,
    message: 'The ACME server {url} wants no order before {until}: {detail}',
    remedy: 'Nothing is to be done: it is asked again then. The limits are set at the ACME server.',
  },
  ACME_REFUSED: {
    http: 502,
    message: 'The ACME server {url} gave no certificate: {detail}',
    remedy:
      'Look into the log of the ACME server: its policy must allow the names of --page-host. It is tried again by itself.',
  },
  PRECONDITION_FAILED: {
    http: 412,
    message: '{what} has changed since you looked at it',
    remedy: 'Look at it as it is now, and decide again.',
  },
  PRECONDITION_NEEDED: {
    http: 428,
    message: 'Say in If-Match which state of {what} you saw',
    remedy: 'Read it first and send the ETag of that reply; a browser may not decide about what it has not seen.',
  },
  USAGE: {
    http: 400,
    message: '{detail}',
    remedy: 'Run the command with --help.',
  },
  APPLIANCE_UNREACHABLE: {
    http: 503,
    message: 'No appliance answers at {url}: {detail}',
    remedy: 'Start it with npm start, or name another one with --server.',
  },
  APPLIANCE_NOT_FOUND: {
    http: 404,
    message: 'No appliance was started on this machine',
    remedy: 'Start one with npm start (or npm start -- --lab 3), or name one with --server and --token-file.',
  },
} as const satisfies Record<string, CatalogueEntry>;
