import { connect } from 'mqtt';
import { brokerAddress } from '../../node/client/broker-address.ts';
import { detailOf, log, monotonicMs, numberOf } from '../support/process-parts.ts';
import { oneOf } from '../support/user-properties.ts';
import { Board } from './board.ts';
import { DashboardServer } from './server.ts';

const REFRESH_MS = 1_000;

const board = new Board();
const broker = connect({
  ...brokerAddress(process.env['BROKER_URL'] ?? 'mqtt://localhost'),
  protocolVersion: 5,
  reconnectPeriod: 500,
});
broker.on('error', (error) => log('the broker is not there', { detail: detailOf(error) }));
broker.subscribe('site/#', { qos: 0 });
broker.on('message', (topic, payload, { properties, retain }) => {
  const said = (name: string): string | undefined => oneOf(properties?.userProperties, name);
  const epoch = said('epoch');
  board.hear({
    topic,
    payload: payload.toString('utf8'),
    unit: said('unit'),
    node: said('node'),
    epoch: epoch !== undefined && /^\d{1,15}$/.test(epoch) ? Number(epoch) : undefined,
    atMs: monotonicMs(),
    isKept: retain,
  });
});

const dashboard = new DashboardServer({
  live: () => ({ readings: board.readings(), active: board.active(), isConnected: broker.connected }),
  nowMs: monotonicMs,
});
dashboard.server.listen(numberOf('PORT', 8080), () => log('listening'));
setInterval(() => dashboard.refresh(), REFRESH_MS);
for (const signal of ['SIGTERM', 'SIGINT'] as const)
  process.once(signal, () => void broker.endAsync().then(() => process.exit(0)));
