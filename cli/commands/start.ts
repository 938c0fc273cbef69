import { resolve } from 'node:path';
import { Option, type Command } from 'commander';
import type { ApplianceOptions } from '../../appliance/config.ts';
import { runAppliance } from '../../appliance/run-appliance.ts';
import { cacheDirectory } from '../../foundation/cache-directory.ts';
import { UsherError } from '../../foundation/errors.ts';

/** What commander gives: flags by their long names. */
interface StartFlags extends Omit<ApplianceOptions, 'cacheDir' | 'interfaces' | 'allowHosts' | 'pageHosts' | 'images'> {
  cacheDir?: string;
  interface?: string[];
  allowHost?: string[];
  pageHost?: string[];
  images?: string[];
  lab?: string;
  labName?: string;
  fresh?: boolean;
}

const EXAMPLES = `
Examples:
  usher start --interface eth0              the appliance on this machine's LAN
  usher start --lab 3                       a virtual site with three Raspberry Pis, on this machine alone
  usher start --lab 3 --k3s ./k3s --fresh   the same with that k3s, forgetting what an earlier lab knew
  usher start --kubeconfig ~/.kube/config   with a cluster that runs already

It runs until Ctrl-C or SIGTERM, and installs the Debian packages that are missing (usher doctor lists them).
k3s is taken from --k3s, the PATH, the cache, or the official release (--k3s-mirror, USHER_K3S_MIRROR), in this order.`;

/** Adds `usher start`: the appliance, or with `--lab` a virtual site around it. */
export function addStart(program: Command): void {
  const command = program
    .command('start')
    .summary('run the appliance on this machine (with --lab N: a whole virtual site)')
    .description(
      'Runs the appliance: it sees new machines on the LAN, enrols them, and makes them nodes of the cluster.',
    );
  addSiteFlags(command);
  addPageFlags(command)
    .addOption(
      new Option('--log-level <level>', 'how much to log').choices(['debug', 'info', 'warn', 'error']).default('info'),
    )
    .addHelpText('after', EXAMPLES)
    .action(async (_options: unknown, command: Command) => {
      // A flag like --no-local-dhcp is "true unless given" to commander; here it is the other way round.
      await start(command.opts<StartFlags & { localDhcp?: boolean; leaseFile?: string[] }>());
    });
}

function collect(value: string, earlier: string[] = []): string[] {
  return [...earlier, value];
}

/** What the site is, and its Kubernetes. */
function addSiteFlags(command: Command): Command {
  return command
    .option('--lab <count>', 'build a virtual site on this machine and plug in so many Raspberry Pis')
    .option('--lab-name <name>', 'name of the lab, so that several can run', 'lab')
    .option('--fresh', 'with --lab: forget what an earlier run knew')
    .option('--site <name>', 'name of the site (default: the host name)')
    .option('--interface <name>', 'LAN interface to look at; repeatable (default: all physical ones)', collect)
    .option('--state-dir <folder>', 'where state is kept (default: /var/lib/usher)')
    .option('--cache-dir <folder>', 'where downloads are kept (USHER_CACHE_DIR; default: ~/.cache/usher)')
    .option('--k3s <path>', 'the k3s binary to use')
    .option('--k3s-version <version>', 'the k3s release to download')
    .option('--k3s-mirror <url>', 'a mirror laid out like the k3s release server (USHER_K3S_MIRROR)')
    .option('--k3s-sha256 <hex>', 'the only SHA-256 that the downloaded k3s may have')
    .option('--k3s-for <arch=path>', 'the k3s that devices of another architecture get; repeatable', collect)
    .option('--images <path>', 'image archives, or a folder of them, that every node gets; repeatable', collect)
    .option('--pause-image <name>', 'the pause image of all nodes, when --images brings another than k3s names')
    .option('--kubeconfig <path>', 'use this cluster instead of running k3s')
    .option('--broker <url>', "the site's MQTT broker as nodes reach it (default: mqtt://ADDRESS-OF-THIS-MACHINE:1883)")
    .option('--embedded-registry', 'nodes also give images to each other (k3s only)')
    .option('--control-plane-only', 'the master runs no pods itself');
}

/** How it is reached, and who may come in. */
function addPageFlags(command: Command): Command {
  return command
    .option('--host <address>', 'listen on this address only (default: all)')
    .option('--page-port <port>', 'port of the page and the API (default: 8443)')
    .option('--enrol-port <port>', 'port of the device API (default: 7443)')
    .option('--lease-file <path>', 'dnsmasq lease file to read too; repeatable', collect)
    .option('--no-local-dhcp', 'no DHCP server runs on this machine: UDP port 67 may be taken')
    .option('--allow-host <name>', 'a further name by which browsers may call this machine; repeatable', collect)
    .option('--oidc-config <file>', 'people may also sign in through the OpenID Connect provider of this file')
    .option(
      '--tls-cert <file>',
      'a certificate of your own for the page, with its chain, PEM; read again when it changes',
    )
    .option('--tls-key <file>', 'the key of --tls-cert, PEM')
    .option('--page-host <name>', 'a host name of the page, for its certificate; repeatable', collect)
    .option('--acme-directory <url>', 'an ACME server that gives the page a certificate for --page-host (RFC 8555)')
    .option('--acme-ca <file>', 'the authority that vouches for the ACME server, PEM')
    .option('--acme-email <address>', 'whom the ACME server may write to')
    .option('--acme-port <port>', 'where its challenges are answered, when port 80 is forwarded (default: 80)');
}

async function start(flags: StartFlags & { localDhcp?: boolean; leaseFile?: string[] }): Promise<void> {
  const { lab, labName, fresh, ...appliance } = flags;
  if (lab === undefined && fresh === true) {
    throw new UsherError('CONFIG_INVALID', { detail: '--fresh goes with --lab' });
  }
  const cacheDir = appliance.cacheDir ?? cacheDirectory(process.env);
  if (lab === undefined) {
    await runAppliance(applianceOptions({ ...appliance, cacheDir }));
  } else {
    // Loaded only here: a real site knows nothing of the lab.
    const { runLab } = await import('../run-lab.ts');
    await runLab({
      pis: countOf(lab),
      labName: labName ?? 'lab',
      fresh: fresh === true,
      cacheDir,
      k3s: appliance.k3s === undefined ? undefined : resolve(appliance.k3s),
      k3sMirror: appliance.k3sMirror,
      k3sVersion: appliance.k3sVersion,
      k3sSha256: appliance.k3sSha256,
      images: appliance.images?.map((path) => resolve(path)) ?? [],
      applianceArgs: labArguments(appliance),
    });
  }
}

function applianceOptions(
  flags: StartFlags & { cacheDir: string; localDhcp?: boolean; leaseFile?: string[] },
): ApplianceOptions {
  const { interface: interfaces, allowHost, pageHost, leaseFile, localDhcp, ...rest } = flags;
  return {
    ...rest,
    ...(interfaces === undefined ? {} : { interfaces }),
    ...(allowHost === undefined ? {} : { allowHosts: allowHost }),
    ...(pageHost === undefined ? {} : { pageHosts: pageHost }),
    ...(leaseFile === undefined ? {} : { leaseFiles: leaseFile }),
    noLocalDhcp: localDhcp === false,
  };
}

/** What of the flags the lab's master is started with; the rest would speak of a real LAN. */
function labArguments(flags: StartFlags & { localDhcp?: boolean; leaseFile?: string[] }): string[] {
  const foreign = Object.entries({
    '--interface': flags.interface,
    '--host': flags.host,
    '--page-port': flags.pagePort,
    '--enrol-port': flags.enrolPort,
    '--kubeconfig': flags.kubeconfig,
    '--state-dir': flags.stateDir,
    '--k3s-for': flags.k3sFor,
    '--lease-file': flags.leaseFile,
    '--oidc-config': flags.oidcConfig,
    '--tls-cert': flags.tlsCert,
    '--tls-key': flags.tlsKey,
    '--acme-directory': flags.acmeDirectory,
    '--no-local-dhcp': flags.localDhcp === false ? true : undefined,
  }).find(([, value]) => value !== undefined);
  if (foreign !== undefined) {
    throw new UsherError('CONFIG_INVALID', {
      detail: `${foreign[0]} means nothing to a lab, which has a LAN of its own`,
    });
  }
  return [
    ...['--site', flags.site ?? 'lab', '--log-level', flags.logLevel ?? 'info'],
    ...(flags.pauseImage === undefined ? [] : ['--pause-image', flags.pauseImage]),
    ...(flags.broker === undefined ? [] : ['--broker', flags.broker]),
    ...(flags.controlPlaneOnly === true ? ['--control-plane-only'] : []),
    ...[...(flags.allowHost ?? []), ...(flags.pageHost ?? [])].flatMap((name) => ['--allow-host', name]),
  ];
}

function countOf(text: string): number {
  const count = Number(text);
  if (!Number.isInteger(count) || count < 0 || count > 80) {
    throw new UsherError('CONFIG_INVALID', { detail: `--lab takes a number from 0 to 80, not ${text}` });
  }
  return count;
}
