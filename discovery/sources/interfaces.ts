import type { Clock } from '../../foundation/clock.ts';
import { messageOf } from '../../foundation/errors.ts';
import type { Logger } from '../../foundation/logger.ts';
import { type InterfaceSurvey, surveyInterfaces } from '../core/lan-interface.ts';
import { runTool, type Spawn, supervise } from './child.ts';
import { type Source, sourceState } from './source.ts';

export interface InterfaceWatcherOptions {
  /** Names of the LAN interfaces; without it all that look like one. */
  names?: readonly string[] | undefined;
  spawn: Spawn;
  clock: Clock;
  logger: Logger;
  /** Called with each change, and once before `ready` resolves. */
  onChange: (survey: InterfaceSurvey) => void;
}

export interface InterfaceWatcher extends Source {
  /** Resolves once the interfaces were read for the first time, or could not be. */
  ready: Promise<void>;
}

/** An address change comes as several notices; they are answered together. */
const SETTLE_MS = 50;
/** Should a notice be lost, this finds the change. */
const POLL_MS = 30_000;

/** Follows the machine's interfaces as they come, go, rise, fall and change address. */
export function startInterfaceWatcher(options: InterfaceWatcherOptions): InterfaceWatcher {
  const { spawn, clock, logger } = options;
  let last = '';
  let failure: string | undefined;
  let cancelTimer: () => void = () => undefined;
  let isSettling = false;
  let isStopped = false;

  const survey = async (): Promise<void> => {
    try {
      const found = surveyInterfaces(await runTool(spawn, clock, 'ip', ['-json', 'address', 'show']), options.names);
      failure = found === undefined ? 'ip printed something else than interfaces' : undefined;
      if (found !== undefined) tell(found);
    } catch (error) {
      failure = messageOf(error);
    }
    if (failure !== undefined) logger.warn({ detail: failure }, 'the network interfaces cannot be read');
  };
  const tell = (found: InterfaceSurvey): void => {
    const text = JSON.stringify([found.lan, [...found.ownMacs]]);
    if (text === last || isStopped) return;
    last = text;
    options.onChange(found);
  };
  const surveyAfter = (delayMs: number): void => {
    cancelTimer();
    if (isStopped) return;
    cancelTimer = clock.after(delayMs, () => {
      isSettling = false;
      void survey().then(() => {
        if (!isSettling) surveyAfter(POLL_MS);
      });
    });
  };
  /** Further notices do not put the survey off: where pods come and go all the time, it would never be made. */
  const settle = (): void => {
    if (isSettling) return;
    isSettling = true;
    surveyAfter(SETTLE_MS);
  };
  const child = supervise({
    command: 'ip',
    args: ['-o', 'monitor', 'link', 'address'],
    spawn,
    clock,
    onOutput: settle,
    onLoss: (detail) => logger.warn({ detail }, 'following the interfaces stopped; it is started again'),
  });
  const ready = survey();
  surveyAfter(POLL_MS);

  return {
    ready,
    state: () => sourceState('interfaces', failure),
    async stop() {
      isStopped = true;
      cancelTimer();
      await child.stop();
    },
  };
}
