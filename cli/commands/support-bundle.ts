import { createHmac, randomBytes } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import type { Command } from 'commander';
import { ApiClient } from '../../api/client/api-client.ts';
import type { Appliance } from '../../api/client/find-appliance.ts';
import { toRfc3339 } from '../../foundation/clock.ts';
import { asUsherError, messageOf, UsherError, type ErrorBody } from '../../foundation/errors.ts';
import { Context, withCommonOptions } from '../context.ts';
import { safe } from '../output.ts';
import { collect, type Collected } from '../support/collect.ts';
import { anonymise, redact, type KnownNames } from '../support/redact.ts';
import { tarOf, type ArchiveFile } from '../support/tar.ts';

interface SupportFlags {
  anonymise?: true;
  stateDir: string;
}

const HELP = `
The bundle is one .tar.gz with versions, usher doctor, the site, all devices with their stories, claims, alarms, Events,
metrics and the end of the logs. No Secret is read, and whatever has the form of a token, key or password is taken out.
Look into it before you send it on: names, labels and addresses stay in unless you say --anonymise.

Examples:
  usher support-bundle
  usher support-bundle /tmp/for-support.tar.gz --anonymise
  usher support-bundle -o json | jq .files`;

/** Adds `usher support-bundle`. */
export function addSupportBundle(program: Command): void {
  withCommonOptions(program.command('support-bundle [file]'))
    .description('Writes all that helps to find a fault into one file, without secrets.')
    .summary('write all that helps to find a fault into one file, without secrets')
    .option('--anonymise', 'a pseudonym in the place of each serial number, MAC address, IP address and host name')
    .option('--state-dir <folder>', 'where the appliance on this machine keeps its state', '/var/lib/usher')
    .addHelpText('after', HELP)
    .action(async (file: string | undefined, options: SupportFlags, command: Command) => {
      const context = new Context(command);
      await context.using(() => makeBundle(context, file, options));
    });
}

async function makeBundle(context: Context, given: string | undefined, flags: SupportFlags): Promise<void> {
  const { appliance, problem } = findAppliance(context);
  const client = appliance === undefined ? undefined : new ApiClient(appliance);
  const collected = await collect({
    client,
    noClient: problem,
    stateDir: flags.stateDir,
    kubeconfig: appliance?.kubeconfig,
  });
  client?.close();
  const nowMs = context.clock.nowMs();
  const file = given ?? `usher-support-${toRfc3339(nowMs).replaceAll(/[:-]|\.\d+/g, '')}.tar.gz`;
  const clean = cleaner(collected, appliance, flags);
  const files = [...collected.files].map(([name, text]) => ({ name, content: Buffer.from(clean(text)) }));
  const missing = collected.missing.map(({ name, why }) => ({ name, code: why.code, message: clean(why.message) }));
  files.unshift({ name: 'README.txt', content: Buffer.from(readme(files, missing, flags)) });
  const bundle = gzipSync(tarOf(files, nowMs));
  write(file, bundle);
  const made = {
    file,
    bytes: bundle.length,
    files: files.map(({ name, content }) => ({ name, bytes: content.length })),
    missing,
  };
  context.printOne(made, () =>
    [`${file} (${bundle.length} bytes)`, ...made.files.map(({ name, bytes }) => `  ${name.padEnd(26)} ${bytes}`)].join(
      '\n',
    ),
  );
  for (const { name, code, message } of missing) context.say(`missing: ${name}: ${safe(message, 300)} [${code}]`);
}

/** Without an appliance the bundle is made all the same: just then it may be wanted most. */
function findAppliance(context: Context): { appliance?: Appliance; problem?: ErrorBody } {
  try {
    return { appliance: context.appliance() };
  } catch (error) {
    return { problem: asUsherError(error).toBody() };
  }
}

function cleaner(
  { devices, files }: Collected,
  appliance: Appliance | undefined,
  { anonymise: anonymous, stateDir }: SupportFlags,
): (text: string) => string {
  const secrets = [...(appliance === undefined ? [] : [appliance.token.reveal()]), ...localSecrets(stateDir)];
  if (anonymous !== true) return (text) => redact(text, secrets);
  // A key of this bundle alone: with a fixed one, every address of the LAN could be tried.
  const key = randomBytes(32);
  const pseudonym = (value: string): string => createHmac('sha256', key).update(value).digest('hex').slice(0, 8);
  const names: KnownNames = {
    serials: [
      ...devices.flatMap(({ serial }) => serial ?? []),
      ...devices.flatMap(({ devices: attached = [] }) => attached.flatMap(({ usb }) => usb?.serial ?? [])),
      ...identifiersIn(files),
    ],
    hosts: [hostname(), ...devices.flatMap(({ hostname: name, nodeName }) => [name ?? '', nodeName ?? ''])],
  };
  return (text) => anonymise(redact(text, secrets), names, pseudonym);
}

/** Serial numbers and the like that only the objects of Kubernetes name. */
function identifiersIn(files: ReadonlyMap<string, string>): string[] {
  const text = files.get('kubernetes/objects.json') ?? '';
  return [...text.matchAll(/"(?:serial|duid|machineID|systemUUID|bootID)": "([^"]{4,})"/g)].map(
    ([, value = '']) => value,
  );
}

/** The k3s tokens of this machine, so that they are taken out of logs whatever form they have there. */
function localSecrets(stateDir: string): string[] {
  return ['k3s/server-token', 'k3s/agent-token'].flatMap((name) => {
    try {
      return [readFileSync(join(stateDir, name), 'utf8').trim()];
    } catch (error) {
      if (error instanceof Error && 'code' in error) return [];
      throw error;
    }
  });
}

function readme(
  files: readonly ArchiveFile[],
  missing: readonly { name: string; message: string }[],
  { anonymise: anonymous }: SupportFlags,
): string {
  return [
    'Support bundle of Usher. Secrets are taken out (***); Kubernetes Secrets were never read.',
    anonymous === true
      ? 'Serial numbers, MAC and IP addresses and host names have pseudonyms that hold within this bundle.'
      : 'Names, labels and addresses are as they are.',
    '',
    ...files.map(({ name, content }) => `${name.padEnd(26)} ${content.length} bytes`),
    ...missing.map(({ name, message }) => `missing: ${name}: ${message}`),
    '',
  ].join('\n');
}

function write(path: string, bundle: Buffer): void {
  try {
    writeFileSync(path, bundle, { mode: 0o600, flag: 'wx' });
  } catch (error) {
    throw new UsherError('TOOL_FAILED', { tool: `writing ${path}`, detail: messageOf(error) }, { cause: error });
  }
}
