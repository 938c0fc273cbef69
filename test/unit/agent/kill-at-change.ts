import fs, { appendFileSync } from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';

// Loaded before the agent (`node --import`): notes every change of the disk in the file KILL_LOG, and pulls the plug around
// the one whose number is KILL_AT. KILL_MOMENT: `before` it is made, or `after`.
const { KILL_LOG: log = '', KILL_AT: at = '0', KILL_MOMENT: moment = 'before' } = process.env;
const counted = { changes: 0 };

type Call = (this: unknown, ...args: never[]) => unknown;

function mortal(what: string, call: Call): Call {
  return async function (this: unknown, ...args) {
    counted.changes += 1;
    const number = counted.changes;
    appendFileSync(log, `${what} ${String(args[0]).slice(0, 80)}\n`);
    if (String(number) === at && moment === 'before') process.kill(process.pid, 'SIGKILL');
    try {
      return await call.apply(this, args);
    } finally {
      if (String(number) === at && moment === 'after') process.kill(process.pid, 'SIGKILL');
    }
  };
}

function isReading([, flags]: readonly unknown[]): boolean {
  return flags === undefined || flags === 'r';
}

const promises = fs.promises as unknown as Record<string, Call>;
for (const name of ['rename', 'unlink', 'mkdir', 'rm', 'writeFile', 'chmod', 'truncate', 'symlink', 'copyFile']) {
  const call = promises[name];
  if (call !== undefined) promises[name] = mortal(name, call);
}
const open = fs.promises.open.bind(fs.promises);
const writing = mortal('open', open);
promises['open'] = async function (...args) {
  const handle = (await (isReading(args)
    ? open(...(args as unknown as Parameters<typeof open>))
    : writing(...args))) as object;
  const methods = handle as Record<string, Call>;
  for (const name of isReading(args) ? [] : ['writeFile', 'write', 'truncate', 'sync']) {
    const call = methods[name];
    if (call !== undefined) methods[name] = mortal(`file.${name}`, (...given) => call.apply(handle, given));
  }
  return handle;
};
syncBuiltinESMExports();
