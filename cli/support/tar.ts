import { Buffer } from 'node:buffer';

/** A file that goes into an archive. */
export interface ArchiveFile {
  /** Path in the archive; at most 100 bytes. */
  readonly name: string;
  readonly content: Buffer;
}

const BLOCK = 512;
const CHECKSUM_AT = 148;

/** An archive in the ustar format (POSIX.1-1988, "ustar Interchange Format"); files of mode 0600, owned by root. */
export function tarOf(files: readonly ArchiveFile[], modifiedMs: number): Buffer {
  const parts = files.flatMap(({ name, content }) => [
    headerOf(name, content.length, modifiedMs),
    content,
    Buffer.alloc((BLOCK - (content.length % BLOCK)) % BLOCK),
  ]);
  return Buffer.concat([...parts, Buffer.alloc(2 * BLOCK)]);
}

function headerOf(name: string, bytes: number, modifiedMs: number): Buffer {
  const header = Buffer.alloc(BLOCK);
  header.write(name, 0, 100);
  header.write(octal(0o600, 7), 100);
  header.write(octal(0, 7), 108);
  header.write(octal(0, 7), 116);
  header.write(octal(bytes, 11), 124);
  header.write(octal(Math.floor(modifiedMs / 1000), 11), 136);
  header.write('0', 156);
  header.write('ustar\0' + '00', 257);
  header.write('root', 265);
  header.write('root', 297);
  // The checksum is counted with spaces in its own place.
  header.fill(' ', CHECKSUM_AT, CHECKSUM_AT + 8);
  const sum = header.reduce((total, byte) => total + byte, 0);
  header.write(`${octal(sum, 6)}\0 `, CHECKSUM_AT);
  return header;
}

function octal(value: number, digits: number): string {
  return value.toString(8).padStart(digits, '0');
}
