import { numberOf } from '../support/process-parts.ts';
import { I2cTransfer } from './i2c-transfer.ts';
import { runTankLevel } from './service.ts';

runTankLevel(new I2cTransfer(numberOf('I2C_BUS', 1)));
