/** What a Modbus slave of the lab can do; each function gives its answer, or undefined for "illegal data address". */
export interface ModbusRegisters {
  readCoils?(address: number, count: number): readonly boolean[] | undefined;
  readHolding?(address: number, count: number): readonly number[] | undefined;
  readInput?(address: number, count: number): readonly number[] | undefined;
  writeCoil?(address: number, on: boolean): true | undefined;
  writeHolding?(address: number, value: number): true | undefined;
}

const READ_COILS = 1;
const READ_HOLDING = 3;
const READ_INPUT = 4;
const WRITE_COIL = 5;
const WRITE_HOLDING = 6;
/** All requests known here: slave, function, address, value or count, CRC. */
const REQUEST_BYTES = 8;
const EXCEPTION = 0x80;
const ILLEGAL_FUNCTION = 1;
const ILLEGAL_ADDRESS = 2;
const COIL_ON = 0xff00;

/**
 * The slave's half of Modbus RTU (MODBUS over Serial Line 1.02; Application Protocol 1.1b3) on a stream of bytes. Frames
 * are told apart by their length and CRC instead of by silence, which a stream does not keep.
 */
export class ModbusSlave {
  readonly #slave: number;
  readonly #registers: ModbusRegisters;
  #rest = Buffer.alloc(0);

  constructor(slave: number, registers: ModbusRegisters) {
    this.#slave = slave;
    this.#registers = registers;
  }

  /** Takes what came in, and gives the answers to the whole requests in it. */
  take(bytes: Buffer): Buffer {
    this.#rest = Buffer.concat([this.#rest, bytes]);
    const answers: Buffer[] = [];
    while (this.#rest.length >= REQUEST_BYTES) {
      const frame = this.#rest.subarray(0, REQUEST_BYTES);
      const isWhole = modbusCrc(frame.subarray(0, -2)) === frame.readUInt16LE(REQUEST_BYTES - 2);
      this.#rest = this.#rest.subarray(isWhole ? REQUEST_BYTES : 1);
      if (isWhole && frame[0] === this.#slave) answers.push(this.#answer(frame));
    }
    return Buffer.concat(answers);
  }

  #answer(frame: Buffer): Buffer {
    const code = frame.readUInt8(1);
    const known = this.#carryOut(code, frame.readUInt16BE(2), frame.readUInt16BE(4), frame);
    if (known === undefined) return this.#sealed([code | EXCEPTION, ILLEGAL_FUNCTION]);
    return this.#sealed(known === 'illegal' ? [code | EXCEPTION, ILLEGAL_ADDRESS] : [...known]);
  }

  #carryOut(code: number, address: number, value: number, frame: Buffer): Iterable<number> | 'illegal' | undefined {
    const echo = frame.subarray(1, -2);
    switch (code) {
      case READ_COILS:
        return bitsAnswer(code, this.#registers.readCoils?.(address, value));
      case READ_HOLDING:
        return wordsAnswer(code, this.#registers.readHolding?.(address, value));
      case READ_INPUT:
        return wordsAnswer(code, this.#registers.readInput?.(address, value));
      case WRITE_COIL:
        return this.#registers.writeCoil?.(address, value === COIL_ON) === true ? echo : 'illegal';
      case WRITE_HOLDING:
        return this.#registers.writeHolding?.(address, value) === true ? echo : 'illegal';
      default:
        return undefined;
    }
  }

  #sealed(body: readonly number[]): Buffer {
    const frame = Buffer.from([this.#slave, ...body, 0, 0]);
    frame.writeUInt16LE(modbusCrc(frame.subarray(0, -2)), frame.length - 2);
    return frame;
  }
}

/** CRC-16/MODBUS, as it stands at the end of a frame, low byte first. */
export function modbusCrc(bytes: Uint8Array): number {
  let crc = 0xffff;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = (crc & 1) === 1 ? (crc >>> 1) ^ 0xa001 : crc >>> 1;
  }
  return crc;
}

function wordsAnswer(code: number, words: readonly number[] | undefined): number[] | 'illegal' {
  if (words === undefined) return 'illegal';
  return [code, words.length * 2, ...words.flatMap((word) => [(word >>> 8) & 0xff, word & 0xff])];
}

function bitsAnswer(code: number, bits: readonly boolean[] | undefined): number[] | 'illegal' {
  if (bits === undefined) return 'illegal';
  const bytes = new Array<number>(Math.ceil(bits.length / 8)).fill(0);
  for (const [at, bit] of bits.entries()) if (bit) bytes[at >>> 3] = (bytes[at >>> 3] ?? 0) | (1 << (at & 7));
  return [code, bytes.length, ...bytes];
}
