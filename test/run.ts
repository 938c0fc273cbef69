import { spawn } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, relative, resolve } from 'node:path';
import { parseArgs, stripVTControlCharacters } from 'node:util';
import { ensureRequirements } from '../appliance/doctor.ts';
import { cacheDirectory } from '../foundation/cache-directory.ts';
import { messageOf } from '../foundation/errors.ts';
import { silentLogger } from '../foundation/logger.ts';
import { inspectK3s } from '../k8s/k3s/version.ts';
import { buildStandIn } from '../lab/k3s-stand-in/build.ts';
import { LAB_PAUSE_IMAGE, writeLabImages } from '../lab/lab-images.ts';
import { sweepDeadLabs } from '../lab/sweep.ts';

/**
 * The whole test run, or the named suites of it: makes the machine ready, finds or builds a k3s, then lint and vitest.
 * Ends with what failed, `N passed, N failed`, and exit code 1 when anything failed.
 */
const USAGE = `npm test [-- [SUITE …] [--k3s PATH] [--images DIR] [--full]]

SUITE      lint, unit, contract, site, browser, walk; default: all of them
--k3s      the k3s binary to test against; default: the stand-in, built when needed
--images   folder of image tarballs that the nodes get; default: a pause image and a sample app made here
--full     with full counts (fuzzing, storms) instead of reduced ones
`;

const VITEST_SUITES = ['unit', 'contract', 'site', 'browser', 'walk'] as const;
/** Those that run on a Kubernetes. */
const ON_KUBERNETES: readonly string[] = ['contract', 'site', 'walk'];
/** Ended by Ctrl-C or a SIGTERM: the suite that runs ends by itself, and no other begins. */
const stop = new AbortController();
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    k3s: { type: 'string' },
    images: { type: 'string' },
    full: { type: 'boolean' },
    help: { type: 'boolean' },
  },
});

interface Tally {
  passed: number;
  failed: number;
  /** What failed and why, a line or a few each: told again at the end, where it is looked for. */
  failures: string[];
}

/** The part that is read of what vitest's JSON reporter writes. */
interface VitestReport {
  numPassedTests: number;
  numFailedTests: number;
  numFailedTestSuites: number;
  testResults: {
    name: string;
    status: string;
    message?: string;
    assertionResults: { fullName: string; status: string; failureMessages: string[] | null }[];
  }[];
}

/** Lines of a failure's message that are told again; the stack stands further up. */
const MESSAGE_LINES = 8;

async function main(): Promise<Tally> {
  const wanted = positionals.length === 0 ? ['lint', ...VITEST_SUITES] : positionals;
  const environment: NodeJS.ProcessEnv = { ...process.env, FORCE_COLOR: '0' };
  if (values.full === true) environment['USHER_FULL'] = '1';
  if (wanted.some((suite) => suite !== 'lint')) await ensureRequirements('tests', say);
  if (wanted.some((suite) => ON_KUBERNETES.includes(suite))) Object.assign(environment, await findKubernetes());
  const total: Tally = { passed: 0, failed: 0, failures: [] };
  for (const suite of wanted) {
    if (stop.signal.aborted) break;
    const startedMs = Date.now();
    say(`— ${suite} —`);
    const tally = suite === 'lint' ? await lint(environment) : await vitest(suite, environment);
    total.passed += tally.passed;
    total.failed += tally.failed;
    total.failures.push(...tally.failures);
    const seconds = Math.round((Date.now() - startedMs) / 1000);
    say(`${suite}: ${String(tally.passed)} passed, ${String(tally.failed)} failed in ${String(seconds)} s`);
  }
  return total;
}

/** The k3s under test and the images of its nodes, as the suites read them from the environment. */
async function findKubernetes(): Promise<NodeJS.ProcessEnv> {
  const cacheDir = cacheDirectory(process.env);
  const isOther = values.k3s !== undefined && (await inspectK3s(resolve(values.k3s))).standIn === undefined;
  const found: NodeJS.ProcessEnv = {};
  if (isOther) {
    found['USHER_IMAGES'] = await writeLabImages(cacheDir);
    found['USHER_PAUSE_IMAGE'] = LAB_PAUSE_IMAGE;
  } else {
    const standIn = await buildStandIn({ cacheDir, onProgress: say });
    found['USHER_K3S'] = standIn.k3sPath;
    found['USHER_IMAGES'] = standIn.imagesDir;
  }
  if (values.k3s !== undefined) found['USHER_K3S'] = resolve(values.k3s);
  if (values.images !== undefined) {
    found['USHER_IMAGES'] = resolve(values.images);
    delete found['USHER_PAUSE_IMAGE'];
  }
  say(`Kubernetes under test: ${found['USHER_K3S'] ?? ''}`);
  return found;
}

/** Each linter counts as one test. */
async function lint(environment: NodeJS.ProcessEnv): Promise<Tally> {
  const tally: Tally = { passed: 0, failed: 0, failures: [] };
  for (const step of ['types', 'code', 'imports', 'dead', 'docs', 'format']) {
    const code = await run('npm', ['run', '--silent', `lint:${step}`], environment);
    if (code !== 0) tally.failures.push(`lint:${step}`);
    tally[code === 0 ? 'passed' : 'failed'] += 1;
  }
  return tally;
}

async function vitest(suite: string, environment: NodeJS.ProcessEnv): Promise<Tally> {
  const folder = await mkdtemp(join(tmpdir(), 'usher-test-'));
  const report = join(folder, 'report.json');
  try {
    const program = resolve('node_modules/vitest/vitest.mjs');
    const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${report}`];
    const code = await run(process.execPath, [program, 'run', '--project', suite, ...reporters], environment);
    const results = JSON.parse(await readFile(report, 'utf8')) as VitestReport;
    // A file that fails outside any test, or a run that fails as a whole, must not count as success.
    const failed = Math.max(results.numFailedTests, results.numFailedTestSuites > 0 || code !== 0 ? 1 : 0);
    return { passed: results.numPassedTests, failed, failures: failuresOf(suite, results) };
  } catch (error) {
    return { passed: 0, failed: 1, failures: [`${suite}: no result (${messageOf(error)})`] };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function failuresOf(suite: string, { testResults }: VitestReport): string[] {
  return testResults.flatMap(({ name, status, message, assertionResults }) => {
    const file = `${suite}: ${relative(process.cwd(), name)}`;
    const failed = assertionResults.filter((each) => each.status === 'failed');
    // Outside any test: a module that does not load, a hook.
    if (failed.length === 0) return status === 'failed' ? [withMessage(file, message ?? '')] : [];
    return failed.map((each) =>
      withMessage(`${file} › ${each.fullName}`, stripVTControlCharacters(each.failureMessages?.join('\n') ?? '')),
    );
  });
}

function withMessage(title: string, message: string): string {
  const lines = message
    .split('\n')
    .filter((line) => line.trim() !== '' && !/^\s+at .*(node_modules|node:)|^\s+at new Promise/.test(line));
  return [title, ...lines.slice(0, MESSAGE_LINES).map((line) => `    ${line}`)].join('\n');
}

/** Runs a program with our output; SIGINT and SIGTERM reach it through the process group and by forwarding. */
function run(command: string, args: readonly string[], environment: NodeJS.ProcessEnv): Promise<number> {
  return new Promise((done, fail) => {
    const child = spawn(command, args, { stdio: ['ignore', 'inherit', 'inherit'], env: environment });
    const forward = (signal: NodeJS.Signals): void => {
      child.kill(signal);
    };
    process.on('SIGTERM', forward);
    process.on('SIGINT', forward);
    child.once('error', fail);
    child.once('close', (code, signal) => {
      process.off('SIGTERM', forward);
      process.off('SIGINT', forward);
      done(code ?? (signal === null ? 0 : 1));
    });
  });
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

if (values.help === true) {
  process.stdout.write(USAGE);
} else {
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => stop.abort());
  const total = await main();
  // A suite that was killed could not take its labs down.
  const swept = process.getuid?.() === 0 ? await sweepDeadLabs(silentLogger) : [];
  if (swept.length > 0) say(`\nTaken down after all: ${swept.join(', ')}`);
  if (total.failures.length > 0) say(`\nFailed:\n${total.failures.map((failure) => `  ${failure}`).join('\n')}`);
  process.stdout.write(`\n${String(total.passed)} passed, ${String(total.failed)} failed\n`);
  process.exitCode = stop.signal.aborted ? 130 : total.failed > 0 ? 1 : 0;
}
