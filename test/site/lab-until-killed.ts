import { Lab } from '../../lab/lab.ts';

// A lab with one Raspberry Pi that runs until this process is killed: `node lab-until-killed.ts NAME FOLDER`.
const [, , name = '', labDir = ''] = process.argv;
const lab = new Lab({ name, labDir });
await lab.up();
const pi = await lab.addPi({ card: [] });
await lab.plug(pi.name);
await lab.openRelay({ host: '10.77.0.254', port: 53 });
process.stdout.write(`${JSON.stringify({ pids: lab.machines.map((machine) => machine.pid) })}\n`);
setInterval(() => undefined, 60_000);
