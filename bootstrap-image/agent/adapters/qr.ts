import { encode } from 'uqr';
import type { QrEncoder } from '../core/half-blocks.ts';

/** The smallest QR code of the text, with as much error correction as that has room for. */
export const encodeQr: QrEncoder = (text) => encode(text, { ecc: 'L', boostEcc: true, border: 0 }).data;
