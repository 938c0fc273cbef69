import { viewOf } from './bytes.ts';

const FILE_HEADER_BYTES = 24;
const RECORD_HEADER_BYTES = 16;
const LINK_TYPE_ETHERNET = 1;
/** Microsecond and nanosecond files, in either byte order. */
const MAGIC_NUMBERS = [0xa1b2c3d4, 0xa1b23c4d];

/** Reads Ethernet frames out of a capture that arrives piece by piece. */
export interface PcapReader {
  /** The frames completed by this piece, oldest first. After `broken()` it gives none. */
  push(chunk: Uint8Array): Uint8Array[];
  /** True from the moment the file header was read: the capture runs. */
  started(): boolean;
  /** Why the stream cannot be read further, for instance another link type. */
  broken(): string | undefined;
}

/**
 * A reader of the classic pcap format (draft-ietf-opsawg-pcap), both byte orders. It keeps at most one unfinished record,
 * and a record longer than `maxRecordBytes` breaks the stream, so that its memory is bounded.
 */
export function createPcapReader({ maxRecordBytes = 65_535 }: { maxRecordBytes?: number } = {}): PcapReader {
  let pending: Uint8Array = new Uint8Array(0);
  let littleEndian: boolean | undefined;
  let broken: string | undefined;

  const readFileHeader = (): number => {
    const view = viewOf(pending);
    const isLittle = MAGIC_NUMBERS.includes(view.getUint32(0, true));
    if (!isLittle && !MAGIC_NUMBERS.includes(view.getUint32(0, false))) broken = 'not a pcap stream';
    else if ((view.getUint32(20, isLittle) & 0xffff) !== LINK_TYPE_ETHERNET) broken = 'not an Ethernet interface';
    else littleEndian = isLittle;
    return FILE_HEADER_BYTES;
  };

  return {
    push(chunk) {
      const frames: Uint8Array[] = [];
      if (broken !== undefined) return frames;
      pending = append(pending, chunk);
      let offset = 0;
      if (littleEndian === undefined && pending.length >= FILE_HEADER_BYTES) offset = readFileHeader();
      while (littleEndian !== undefined && pending.length - offset >= RECORD_HEADER_BYTES) {
        const length = viewOf(pending).getUint32(offset + 8, littleEndian);
        if (length > maxRecordBytes) {
          broken = 'a record is too long';
          break;
        }
        const start = offset + RECORD_HEADER_BYTES;
        if (pending.length < start + length) break;
        frames.push(pending.subarray(start, start + length));
        offset = start + length;
      }
      pending = pending.slice(offset);
      return frames;
    },
    started: () => littleEndian !== undefined,
    broken: () => broken,
  };
}

function append(before: Uint8Array, chunk: Uint8Array): Uint8Array {
  if (before.length === 0) return chunk;
  const whole = new Uint8Array(before.length + chunk.length);
  whole.set(before);
  whole.set(chunk, before.length);
  return whole;
}
