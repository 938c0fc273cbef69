import { execFileSync, spawn } from 'node:child_process';
import { closeSync, constants, openSync, readFileSync, writeSync } from 'node:fs';
import { Socket } from 'node:net';
import { createInterface } from 'node:readline';
import { systemClock } from '../../foundation/clock.ts';
import { messageOf } from '../../foundation/errors.ts';
import { systemRandom } from '../../foundation/random.ts';
import { UnitManager } from './unit-manager.ts';

// The main process of a virtual Pi: the lab's stand-in for systemd. It starts the units that a card enables and answers
// the `systemctl` of the machine. What it prints is the machine's console.

const FOLDER = '/run/lab-init';
const REQUESTS = `${FOLDER}/requests`;

const manager = new UnitManager(systemClock, systemRandom, say);
serveRequests();
followCarrier();
await manager.boot();
say('boot finished');

function serveRequests(): void {
  execFileSync('mkfifo', ['-m', '600', REQUESTS]);
  // Opened for both directions: with a writer of our own the pipe never comes to an end.
  const requests = new Socket({
    fd: openSync(REQUESTS, constants.O_RDWR | constants.O_NONBLOCK),
    readable: true,
    writable: false,
  });
  createInterface({ input: requests }).on('line', (line) => {
    const [client = '', verb = '', ...rest] = line.split(' ');
    const flags = rest.filter((word) => word.startsWith('-'));
    const units = rest.filter((word) => word !== '' && !word.startsWith('-'));
    manager.handle(verb, units, flags).then(
      ({ code, message }) => reply(client, code, message),
      (error: unknown) => reply(client, 1, messageOf(error)),
    );
  });
}

function reply(client: string, code: number, message: string): void {
  try {
    const pipe = openSync(`${FOLDER}/reply.${client}`, constants.O_WRONLY | constants.O_NONBLOCK);
    writeSync(pipe, `${code} ${message}\n`);
    closeSync(pipe);
  } catch (error) {
    // Whoever asked did not wait for the answer.
    say(`no answer to ${client}: ${messageOf(error)}`);
  }
}

/** A cable that is put in makes the DHCP client ask at once, as the network managers of real machines do. */
function followCarrier(): void {
  const monitor = spawn('ip', ['-o', 'monitor', 'link', 'dev', 'eth0'], { stdio: ['ignore', 'pipe', 'inherit'] });
  let carrier: boolean | undefined;
  createInterface({ input: monitor.stdout }).on('line', (line) => {
    const now = line.includes('LOWER_UP');
    if (now !== carrier && carrier !== undefined) say(`eth0: carrier ${now ? 'found' : 'lost'}`);
    if (now && carrier === false) askForLease();
    carrier = now;
  });
  monitor.once('error', (error) => say(`ip monitor: ${error.message}`));
}

function askForLease(): void {
  try {
    process.kill(Number(readFileSync(`${FOLDER}/udhcpc.pid`, 'utf8')), 'SIGUSR1');
  } catch (error) {
    say(`udhcpc: ${messageOf(error)}`);
  }
}

function say(line: string): void {
  process.stdout.write(`[init] ${line}\n`);
}
