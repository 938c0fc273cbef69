/** What the drivers of Modbus instruments need: a line on which one request is made at a time. Each may fail. */
export interface ModbusLine {
  /** Opens the line, also anew when it was lost, without saying anything on it. Requests do not open it. */
  open(): Promise<void>;
  /** Function 4: 16-bit words. */
  readInputRegisters(address: number, count: number): Promise<readonly number[]>;
  /** Function 5. */
  writeCoil(address: number, on: boolean): Promise<void>;
  /** Function 6. */
  writeRegister(address: number, value: number): Promise<void>;
  close(): Promise<void>;
}
