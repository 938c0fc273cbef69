#!/usr/bin/env node
// Plain JavaScript on purpose: it must run on whatever Node.js the machine has, and find the right one.
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { constants } from 'node:os';
import { fileURLToPath } from 'node:url';
import { setFlagsFromString } from 'node:v8';

const NEEDED_MAJOR = 24;
const FORWARDED = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGUSR1', 'SIGUSR2'];

if (Number(process.versions.node.split('.')[0]) >= NEEDED_MAJOR) {
  if (process.argv[2] === 'start' && process.env.MALLOC_ARENA_MAX === undefined) beginFrugally();
  // A master is a small machine. Where V8 finds memory enough, it lets the young generation grow to 128 MB and garbage to
  // several times what is in use, and compacts late.
  setFlagsFromString('--semi-space-growth-factor=1');
  setFlagsFromString('--heap-growing-percent=20');
  setFlagsFromString('--memory-saver-mode');
  const { main } = await import('./main.ts');
  await main(process.argv.slice(2));
} else {
  const node = fileURLToPath(new URL('../node_modules/node/bin/node', import.meta.url));
  if (existsSync(node)) runWith(node);
  else refuse();
}

/**
 * Begins again, as the same process, with a C library that gives memory back. Its own rules keep the buffers of every
 * connection on one heap, of which it gives back only what lies on top: one long-lived thing above keeps all holes below.
 * From 32 KiB on, which takes in what is read from sockets, each buffer gets pages of its own and gives them back.
 */
function beginFrugally() {
  const frugal = { MALLOC_ARENA_MAX: '2', MALLOC_MMAP_THRESHOLD_: '32768', MALLOC_TRIM_THRESHOLD_: '1048576' };
  const args = [process.execPath, ...process.execArgv, ...process.argv.slice(1)];
  process.execve(process.execPath, args, { ...frugal, ...process.env });
}

function runWith(node) {
  const child = spawn(node, [fileURLToPath(import.meta.url), ...process.argv.slice(2)], { stdio: 'inherit' });
  for (const signal of FORWARDED) {
    process.on(signal, () => {
      // A terminal sends Ctrl-C to the whole process group, so the child has it already.
      if (signal !== 'SIGINT' || !process.stdin.isTTY) child.kill(signal);
    });
  }
  child.on('error', (error) => {
    console.error(`error: ${node} does not run: ${error.message}`);
    process.exitCode = 1;
  });
  child.on('exit', (code, signal) => {
    process.exitCode = code ?? 128 + (constants.signals[signal] ?? 0);
  });
}

function refuse() {
  // Wording and code of NODE_TOO_OLD in foundation/error-catalogue.ts, which this Node.js cannot import.
  console.error(`error: Node.js ${process.versions.node} runs this, but ${NEEDED_MAJOR} is needed [NODE_TOO_OLD]`);
  console.error('remedy: Run npm ci in the checkout: it brings Node.js 24 along.');
  process.exitCode = 1;
}
