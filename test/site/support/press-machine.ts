import { ServerTCP } from 'modbus-serial';
import { FIRST_STROKE, PRESS_PORT } from './press.ts';

// The main process of a machine of the lab: a press, simulated, whose counter goes up once a second and is read by Modbus TCP.
const strokes = (): number => FIRST_STROKE + Math.floor(process.uptime());
new ServerTCP(
  { getHoldingRegister: (address: number) => (address === 0 ? Math.floor(strokes() / 2 ** 16) : strokes() % 2 ** 16) },
  { host: '0.0.0.0', port: PRESS_PORT, unitID: 1 },
);
