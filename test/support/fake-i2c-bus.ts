import type { I2cBus } from '../../examples/tank-level/i2c-bus.ts';

/** Not a bus: answers as a pressure sensor would, with what a test put there. Machines for tests have no I2C. */
export class FakeI2cBus implements I2cBus {
  readonly reads: { address: number; count: number }[] = [];
  #word = 0;

  /** @param status the two bits of the sensor's status */
  set(count: number, status = 0): void {
    this.#word = (status << 14) | count;
  }

  read(address: number, count: number): Promise<Uint8Array> {
    this.reads.push({ address, count });
    return Promise.resolve(Uint8Array.of(this.#word >> 8, this.#word & 0xff).subarray(0, count));
  }
}
