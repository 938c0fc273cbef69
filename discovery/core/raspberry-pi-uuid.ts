/** What a Raspberry Pi bootloader tells of its board in DHCP option 97. */
export interface BoardIdentity {
  /** Low 32 bits of the serial number, as in the names of its TFTP folders: eight hex digits. */
  serial: string;
  /** Board revision code without leading zeros, for instance d03114. */
  revision?: string;
}

const NEW_FORM = /^00525069(?:3[0-9])(?<revision>[0-9a-f]{8})(?<mac>[0-9a-f]{8})(?<serial>[0-9a-f]{8})$/;
const OLD_FORM = /^00(?<serial>[0-9a-f]{8})\k<serial>{3}$/;

/**
 * Reads the identity out of option 97 (hex, type byte included), or gives undefined when it is not a Raspberry Pi's.
 * Raspberry Pi documentation, DHCP_OPTION97: type 0, then `RPi4` or `RPi5`, board revision, low four bytes of the MAC
 * address, serial number; the two numbers are little-endian. Older bootloaders repeat the serial number four times;
 * which byte order is told by the MAC address, whose low three bytes those boards take from the serial number.
 */
export function boardIdentity(machineUuid: string, mac: string): BoardIdentity | undefined {
  const macHex = mac.replaceAll(':', '');
  const newForm = NEW_FORM.exec(machineUuid)?.groups;
  if (newForm?.['serial'] !== undefined && newForm['revision'] !== undefined) {
    const revision = swapBytes(newForm['revision']).replace(/^0+/, '');
    return { serial: swapBytes(newForm['serial']), ...(revision === '' ? {} : { revision }) };
  }
  const repeated = OLD_FORM.exec(machineUuid)?.groups?.['serial'];
  if (repeated === undefined) return undefined;
  const serial = [repeated, swapBytes(repeated)].find((candidate) => candidate.slice(2) === macHex.slice(6));
  return serial === undefined ? undefined : { serial };
}

function swapBytes(hex: string): string {
  return (hex.match(/../g) ?? []).reverse().join('');
}
