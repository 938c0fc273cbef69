/** So much of a file is enough for {@link elfArchitecture}. */
export const ELF_HEAD_BYTES = 20;

const MAGIC = [0x7f, 0x45, 0x4c, 0x46];
const LITTLE_ENDIAN = 1;
/** e_machine (System V ABI, ELF header), as Go and Kubernetes name them. */
const MACHINES: Readonly<Record<number, string>> = { 40: 'arm', 62: 'amd64', 183: 'arm64' };

/** The architecture that a program is for, from its first bytes; undefined when it is none of those a site can have. */
export function elfArchitecture(head: Uint8Array): string | undefined {
  if (head.length < ELF_HEAD_BYTES || MAGIC.some((byte, index) => head[index] !== byte)) return undefined;
  return head[5] === LITTLE_ENDIAN ? MACHINES[(head[18] ?? 0) | ((head[19] ?? 0) << 8)] : undefined;
}
