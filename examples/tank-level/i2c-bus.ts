/** Reading from a chip on an I2C bus. */
export interface I2cBus {
  /** One read transfer of `count` bytes from the chip at a 7-bit address. */
  read(address: number, count: number): Promise<Uint8Array>;
}
