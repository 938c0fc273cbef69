import { X509Certificate } from 'node:crypto';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chromium, type Browser } from 'playwright-core';

const CHROMIUM = process.env['USHER_CHROMIUM'] ?? '/usr/bin/chromium';
const LAUNCH_MS = 30_000;
const FLAGS = [
  '--no-sandbox',
  '--disable-dev-shm-usage',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

export interface TrustingChromium {
  browser: Browser;
  close: () => Promise<void>;
}

/**
 * Starts Chromium with an authority that it trusts, as an administrator would give it one: by the policy CACertificates.
 * The policy folder is the machine's, so the browser gets a mount namespace in which it is another one; nothing outside
 * is changed and no certificate error is ever ignored. Needs root.
 * @param flags further ones of the browser
 */
export async function launchTrusting(caPem: string, flags: readonly string[] = []): Promise<TrustingChromium> {
  const folder = await mkdtemp(join(tmpdir(), 'usher-chromium-'));
  const policies = join(folder, 'etc', 'policies', 'managed');
  await mkdir(policies, { recursive: true });
  const certificate = new X509Certificate(caPem).raw.toString('base64');
  await writeFile(join(policies, 'usher.json'), JSON.stringify({ CACertificates: [certificate] }));
  const launcher = join(folder, 'chromium');
  await writeFile(launcher, launcherText(join(folder, 'etc')), { mode: 0o755 });
  const browser = await chromium.launch({ executablePath: launcher, args: [...FLAGS, ...flags], timeout: LAUNCH_MS });
  return {
    browser,
    close: async () => {
      await browser.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** Each step replaces the one before (exec), so that the process playwright knows is the browser. */
function launcherText(configFolder: string): string {
  const inside = `mount --bind '${configFolder}' /etc/chromium && exec '${CHROMIUM}' "$@"`;
  return `#!/bin/sh\nexec unshare --mount --propagation private sh -c '${inside.replaceAll("'", `'\\''`)}' sh "$@"\n`;
}
