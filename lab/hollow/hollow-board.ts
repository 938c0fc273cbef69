import { DEFAULT_MODEL } from '../core/board.ts';

/** A board of a crowd: what a hollow Pi says of itself, and the address it calls from. */
export interface HollowBoard {
  readonly number: number;
  /** Name of the board, and of the node that it is to become. */
  readonly name: string;
  readonly model: string;
  /** 16 hexadecimal digits. */
  readonly serial: string;
  readonly mac: string;
  /** IPv4. */
  readonly address: string;
}

/** Behind the crowd's address on the LAN (CROWD of the address plan): each board has an address of its own. */
const NETWORK = '10.78';
/** A Raspberry Pi prefix whose last three bytes no board of `boardOf` is likely to have: they count up from here. */
const FIRST_TAIL = 0xc00000;

/** Board number `number` of a crowd, counted from 1; two numbers share nothing. */
export function hollowBoard(number: number): HollowBoard {
  const tail = (FIRST_TAIL + number).toString(16).padStart(6, '0');
  return {
    number,
    name: `hollow-${String(number)}`,
    model: DEFAULT_MODEL,
    serial: `1000000000${tail}`,
    mac: `dc:a6:32:${(tail.match(/../g) ?? []).join(':')}`,
    address: `${NETWORK}.${String(number >> 8)}.${String(number & 255)}`,
  };
}
