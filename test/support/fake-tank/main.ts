import { connect } from 'mqtt';
import { runTankLevel } from '../../../examples/tank-level/service.ts';
import { FakeI2cBus } from '../fake-i2c-bus.ts';

/** Not the product: the tank level service over a fake bus, whose counts come from the topic `lab/tank`. */
const bus = new FakeI2cBus();
const broker = connect(process.env['USHER_BROKER_URL'] ?? 'mqtt://localhost', { protocolVersion: 5 });
broker.subscribe('lab/tank');
broker.on('message', (_topic, payload) => bus.set(Number(payload.toString())));
runTankLevel(bus);
