import { UsherError } from '../../../foundation/errors.ts';
import { MASTER } from '../../../lab/lab.ts';
import { eventually, type RunningSite } from '../support/running-site.ts';

const LIMIT_MS = 20_000;
/** Runs on the master: gives stdin to the appliance as an expression, and prints what it came to as JSON. */
const SCRIPT = `
const { text } = await import('node:stream/consumers');
const expression = await text(process.stdin);
const [target] = await (await fetch('http://127.0.0.1:9229/json/list')).json();
const socket = new WebSocket(target.webSocketDebuggerUrl);
socket.onopen = () => socket.send(JSON.stringify({ id: 1, method: 'Runtime.evaluate', params: { expression, awaitPromise: true, returnByValue: true } }));
socket.onmessage = ({ data }) => { const { id, result } = JSON.parse(data); if (id !== 1) return; console.log(JSON.stringify(result)); process.exit(0); };
`;

/** The pid of the appliance as the master counts. */
export async function appliancePid({ site }: RunningSite): Promise<number> {
  return eventually('the appliance to run', LIMIT_MS, async () => {
    const { stdout } = await site.lab.execIn(MASTER, ['pgrep', '-f', '^[^ ]*node [^ ]*usher.mjs start'], {
      allowFailure: true,
    });
    const [pid, ...more] = stdout.trim().split('\n').map(Number);
    return more.length === 0 && pid !== undefined && pid > 0 ? pid : undefined;
  });
}

/** Opens Node's inspector in the running appliance, which listens on the master's loopback only. */
export async function openInspector(running: RunningSite): Promise<void> {
  const pid = await appliancePid(running);
  await running.site.lab.execIn(MASTER, ['kill', '-USR1', String(pid)]);
  await eventually('the inspector to answer', LIMIT_MS, async () => (await evaluate(running, '1 + 1')) === 2);
}

/** Evaluates an expression in the running appliance. It travels by stdin, so that no process list shows it. */
export async function evaluate({ site }: RunningSite, expression: string): Promise<unknown> {
  const command = [process.execPath, '--input-type=module', '-e', SCRIPT];
  const { stdout } = await site.lab.execIn(MASTER, command, { input: expression, timeoutMs: LIMIT_MS });
  const { result, exceptionDetails } = JSON.parse(stdout) as {
    result: { value?: unknown };
    exceptionDetails?: unknown;
  };
  if (exceptionDetails !== undefined) throw new UsherError('INTERNAL', { detail: JSON.stringify(exceptionDetails) });
  return result.value;
}
