import { createWriteStream, type WriteStream } from 'node:fs';
import { access, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { fingerprintText } from '../foundation/fingerprint-text.ts';
import type { PageCertificateView } from '../api/core/schemas.ts';
import { systemClock } from '../foundation/clock.ts';
import { UsherError } from '../foundation/errors.ts';
import { systemRandom } from '../foundation/random.ts';
import { readConfig, type ApplianceOptions } from './config.ts';
import { guardCrashes } from './crash-guard.ts';
import { ensureRequirements } from './doctor.ts';
import { createLogger } from './log.ts';
import { createProgress } from './progress.ts';
import { startAppliance } from './start-appliance.ts';

/** How long a stop may take before the process ends all the same. */
const STOP_LIMIT_MS = 25_000;
const SAME_KEYSTROKE_MS = 1000;

/**
 * `usher start`: makes the machine ready, starts the appliance, says where its page is, and runs until SIGINT or SIGTERM.
 * A second signal, a second later, ends it at once. Logs go to `usher.log` in the state folder while a person looks at the terminal, else
 * to standard error, where systemd's journal takes them.
 * @throws UsherError CONFIG_INVALID, and whatever keeps the appliance from starting
 */
export async function runAppliance(options: ApplianceOptions): Promise<void> {
  const config = readConfig(options);
  if (process.getuid?.() !== 0) throw new UsherError('NEEDS_ROOT', { what: 'The appliance' });
  const stop = stopSignal();
  const progress = createProgress(systemClock);
  await ensureRequirements('appliance', progress.say);
  await mkdir(config.stateDir, { recursive: true, mode: 0o700 });
  const logPath = join(config.stateDir, 'usher.log');
  const logger = process.stderr.isTTY
    ? createLogger(config.logLevel, openLog(logPath, progress.say))
    : createLogger(config.logLevel);
  guardCrashes(logger);
  const surroundings = {
    clock: systemClock,
    random: systemRandom,
    logger,
    progress: progress.begin,
    signal: stop.signal,
  };
  const isFirstStart = !(await exists(join(config.stateDir, 'cli.json')));
  const appliance = await startAppliance(config, surroundings);
  progress.done('Usher is ready');
  progress.say(`  page          ${appliance.pageUrls.join('  ')}`);
  progress.say(`  trust         ${trustText(appliance.pageCertificate())}`);
  // Not into the journal at every start: whoever reads it there later must not get in with it.
  if (isFirstStart || process.stdout.isTTY) {
    progress.say(`  sign-in code  ${appliance.newSignInCode().code.reveal()}   (usher sign-in-code makes a new one)`);
  }
  if (process.stderr.isTTY) progress.say(`  log           ${logPath}`);
  await stop.wanted;
  progress.begin('Stopping');
  const guard = setTimeout(() => process.exit(1), STOP_LIMIT_MS);
  await appliance.close();
  clearTimeout(guard);
  progress.done('Stopped');
}

/** What people compare with the fingerprint that their phone shows. */
function trustText({ issuer, caFingerprint, acme }: PageCertificateView): string {
  if (issuer === 'Given') return 'the page has your own certificate';
  if (issuer === 'Acme') return `the page has a certificate of ${acme?.url ?? 'the ACME server'}`;
  return `SHA-256 ${fingerprintText(caFingerprint)}   (open /trust on the page)`;
}

/** Aborts on the first SIGINT or SIGTERM; another one, later, ends the process. */
function stopSignal(): { signal: AbortSignal; wanted: Promise<void> } {
  const controller = new AbortController();
  const wanted = new Promise<void>((resolve) => {
    controller.signal.addEventListener('abort', () => resolve(), { once: true });
  });
  let firstMs = 0;
  const onSignal = (): void => {
    // At a terminal Ctrl-C comes twice: to the process group, and handed on by npm.
    if (controller.signal.aborted && systemClock.nowMs() - firstMs > SAME_KEYSTROKE_MS) process.exit(1);
    firstMs ||= systemClock.nowMs();
    controller.abort(new UsherError('STOPPED'));
  };
  process.on('SIGINT', onSignal);
  process.on('SIGTERM', onSignal);
  return { signal: controller.signal, wanted };
}

function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}

/** The log must not end the appliance when the disk is full: then it is lost, and said so once. */
function openLog(path: string, say: (line: string) => void): WriteStream {
  const log = createWriteStream(path, { flags: 'a', mode: 0o600 });
  log.once('error', (error) => say(`  the log cannot be written: ${error.message}`));
  log.on('error', () => undefined);
  return log;
}
