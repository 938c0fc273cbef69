import { hostname } from 'node:os';
import { resolve } from 'node:path';
import { z } from 'zod';
import { UsherError } from '../foundation/errors.ts';
import { parseK3sVersion } from '../k8s/core/k3s-release.ts';
import { ENROL_PORT } from '../join/protocol/messages.ts';

const port = z.coerce.number().int().min(1).max(65_535);
const path = z
  .string()
  .min(1)
  .transform((text) => resolve(text));
/** RFC 1123, section 2.1; the last label is no number, so that an address is none. */
const HOST_NAME =
  /^(?=.{1,253}$)(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)*(?!\d+$)[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/;
const list = z.array(z.string().min(1)).default([]);

/** Settings of the appliance: flags of `usher start`, after them environment variables, after them these defaults. */
const ConfigSchema = z
  .strictObject({
    site: z.string().min(1).max(63).default(hostname()),
    stateDir: path.default('/var/lib/usher'),
    cacheDir: path,
    /** LAN interfaces to look at; empty: all physical ones. */
    interfaces: list,
    /** A k3s binary to use instead of looking for one. */
    k3s: path.optional(),
    k3sVersion: z.string().transform(parseK3sVersion).optional(),
    k3sMirror: z.url().optional(),
    k3sSha256: z
      .string()
      .regex(/^[0-9a-f]{64}$/)
      .optional(),
    /** k3s binaries for devices of other architectures, `arm64=PATH`. */
    k3sFor: z.array(z.string().regex(/^(amd64|arm64|arm)=.+$/)).default([]),
    /** An existing cluster instead of a k3s of our own. */
    kubeconfig: path.optional(),
    /** Image tarballs that every node gets. */
    images: z.array(path).default([]),
    /** The pause image of all nodes, when it is not the one that k3s names itself. */
    pauseImage: z.string().min(1).max(255).optional(),
    /** Nodes also give images to each other (k3s' embedded registry). */
    embeddedRegistry: z.boolean().default(false),
    /** The site's MQTT broker as nodes reach it; without, one on this master at its usual port. */
    broker: z
      .string()
      .max(255)
      .regex(/^mqtts?:\/\/[^\s/?#@]+$/, '--broker takes an address such as mqtt://192.168.1.10:1883')
      .optional(),
    host: z.string().optional(),
    pagePort: port.default(8443),
    enrolPort: port.default(ENROL_PORT),
    leaseFiles: z.array(path).default(['/var/lib/misc/dnsmasq.leases', '/tmp/dhcp.leases']),
    /** The master runs no pods itself. */
    controlPlaneOnly: z.boolean().default(false),
    /** No DHCP server runs on this machine, so port 67 may be listened on. */
    noLocalDhcp: z.boolean().default(false),
    allowHosts: list,
    /** The file that says where else people may sign in (OpenID Connect). */
    oidcConfig: path.optional(),
    /** A certificate of the operators' own for the page, and its key: both or neither. */
    tlsCert: path.optional(),
    tlsKey: path.optional(),
    /** The directory of an ACME server that gives the page its certificate (RFC 8555, section 7.1.1). */
    acmeDirectory: z.url({ protocol: /^https$/ }).optional(),
    /** Who vouches for the ACME server. */
    acmeCa: path.optional(),
    acmeEmail: z.email().optional(),
    /** Where challenges are answered, when port 80 is forwarded. */
    acmePort: port.default(80),
    /** Host names of the page, for its certificate. */
    pageHosts: z.array(z.string().toLowerCase().regex(HOST_NAME, 'must be a host name')).default([]),
    logLevel: z.enum(['debug', 'info', 'warn', 'error']).default('info'),
  })
  .refine(({ tlsCert, tlsKey }) => (tlsCert === undefined) === (tlsKey === undefined), {
    path: ['tlsKey'],
    message: '--tls-cert and --tls-key go together',
  })
  .refine(({ acmeDirectory, tlsCert }) => acmeDirectory === undefined || tlsCert === undefined, {
    path: ['acmeDirectory'],
    message: '--acme-directory and --tls-cert exclude each other',
  })
  .refine(({ acmeDirectory, pageHosts }) => acmeDirectory === undefined || pageHosts.length > 0, {
    path: ['pageHosts'],
    message: '--acme-directory needs a name for the certificate (--page-host)',
  })
  .refine(
    ({ acmeDirectory, acmeCa, acmeEmail }) => acmeDirectory !== undefined || (acmeCa ?? acmeEmail) === undefined,
    {
      path: ['acmeDirectory'],
      message: '--acme-ca and --acme-email go with --acme-directory',
    },
  );
export type ApplianceConfig = z.infer<typeof ConfigSchema>;
export type ApplianceOptions = z.input<typeof ConfigSchema>;

/**
 * Checked settings with their defaults.
 * @throws UsherError CONFIG_INVALID naming every setting that is wrong
 */
export function readConfig(options: ApplianceOptions): ApplianceConfig {
  const result = ConfigSchema.safeParse(options);
  if (result.success) return result.data;
  const detail = result.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`).join('; ');
  throw new UsherError('CONFIG_INVALID', { detail }, { cause: result.error });
}
