import { createConnection } from 'node:net';
import { setInterval } from 'node:timers';
import { SerialModbusLine } from '../../examples/modbus/serial-modbus-line.ts';
import { LineSplitter } from '../../node/grant-protocol/lines.ts';
import { GRANT_PROTOCOL, parseStandbyMessage, type ServiceMessage } from '../../node/grant-protocol/messages.ts';

/**
 * What the failover bench compares with; it ships with nothing. `MODE=stock` reads the lathe for as long as it runs, as a
 * Deployment does. `MODE=unfenced` reads from its first grant until it hears that another one took over, whatever the clock
 * says: a leader election without fencing.
 */
const PERIOD_MS = Number(process.env['PERIOD_MS'] ?? 100);
const REGISTERS = 4;
const line = new SerialModbusLine({ path: process.env['DEVICE'] ?? '/dev/usher/line' });
let isActive = process.env['MODE'] === 'stock';
let isBusy = false;

setInterval(() => void turn(), PERIOD_MS);
if (!isActive) follow(process.env['USHER_GRANT_SOCKET'] ?? '/run/usher/grant.sock');

async function turn(): Promise<void> {
  if (!isActive || isBusy) return;
  isBusy = true;
  try {
    await line.open();
    await line.readInputRegisters(0, REGISTERS);
  } catch (error) {
    process.stderr.write(`${String(error)}\n`);
  } finally {
    isBusy = false;
  }
}

function follow(path: string): void {
  const socket = createConnection(path);
  const lines = new LineSplitter();
  const say = (message: ServiceMessage): void => void socket.write(`${JSON.stringify(message)}\n`);
  socket.setEncoding('utf8');
  socket.on('error', () => socket.destroy());
  socket.on('close', () => setTimeout(() => follow(path), 200));
  socket.on('connect', () => {
    say({ type: 'hello', protocol: GRANT_PROTOCOL, podUid: process.env['USHER_POD_UID'] ?? '', holding: [] });
    say({ type: 'ready' });
  });
  socket.on('data', (text: string) => {
    for (const message of (lines.push(text) ?? []).map(parseStandbyMessage)) {
      if (message?.type === 'ping') say({ type: 'pong', id: message.id });
      else if (message?.type === 'grant') isActive = true;
      else if (message?.type === 'revoke' && (message.reason === 'taken' || message.reason === 'yield')) {
        isActive = false;
        say({ type: 'stopped', unit: message.unit, epoch: message.epoch });
        say({ type: 'ready' });
      }
    }
  });
}
