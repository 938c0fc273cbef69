import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { type Clock, systemClock } from '../foundation/clock.ts';
import { UsherError } from '../foundation/errors.ts';
import { execCommand, type Machine } from './machine.ts';
import { until } from './wait.ts';

/** Open to all inside the site; what is retained lives as long as the process. */
const SETTINGS = `listener 1883 0.0.0.0
allow_anonymous true
persistence false
log_dest stderr
`;
const SETTINGS_FILE = '/etc/usher/lab-broker.conf';
const READY_MS = 10_000;

/** Port of MQTT without TLS (IANA). */
export const MQTT_PORT = 1883;

/** A Mosquitto that runs on a machine of the lab; it ends with the machine. */
export interface Broker {
  stop(): Promise<void>;
}

/**
 * Starts Debian's Mosquitto on a machine that is on.
 * @throws UsherError LAB_MACHINE_OFF, TOOL_FAILED, TIMED_OUT
 */
export async function startBroker(machine: Machine, clock: Clock = systemClock): Promise<Broker> {
  const { pid } = machine;
  if (pid === undefined) throw new UsherError('LAB_MACHINE_OFF', { machine: machine.name });
  await machine.exec(['mkdir', '-p', '/etc/usher']);
  await writeFile(machine.pathOnDisk(SETTINGS_FILE), SETTINGS);
  const { file, args, env } = execCommand(machine.folder, pid, ['mosquitto', '-c', SETTINGS_FILE]);
  const child = spawn(file, args, { env, stdio: ['ignore', 'ignore', 'pipe'] });
  let said = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (said = (said + text).slice(-2000)));
  const ended = once(child, 'exit');
  const isReady = (): true | undefined => {
    if (child.exitCode !== null) throw new UsherError('TOOL_FAILED', { tool: 'mosquitto', detail: said });
    return /mosquitto version [\d.]+ running/.test(said) ? true : undefined;
  };
  await until(clock, 'mosquitto', READY_MS, isReady);
  return {
    async stop() {
      // nsenter replaced itself: this is Mosquitto, seen from here.
      child.kill('SIGTERM');
      await ended;
    },
  };
}
