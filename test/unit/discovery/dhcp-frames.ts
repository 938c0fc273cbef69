/**
 * Ethernet frames captured from real DHCP clients and servers on a virtual wire (tcpdump). `00*192` stands for as many
 * zero bytes. Client ids that came from a machine id are replaced.
 */
const FRAMES = {
  /** busybox udhcpc 1.35, from a Pi 3's MAC address. */
  udhcpcDiscover: [
    'ffffffffffffb827ebc0ffee08004500014800000000401179a600000000ffffffff004400430134faee01010600fcf41d51',
    '00*20',
    'b827ebc0ffee',
    '00*202',
    '638253633501013902024037070103060c0f1c2a0c0b72617370626572727970693c0c756468637020312e33352e303d0701',
    'b827ebc0ffeeff00000000000000',
  ],
  /** Its REQUEST, with options 50 and 54. */
  udhcpcRequest: [
    'ffffffffffffb827ebc0ffee08004500014d00000000401179a100000000ffffffff004400430139bc5601010600fcf41d51',
    '0003',
    '00*18',
    'b827ebc0ffee',
    '00*202',
    '6382536335010332040a62076f36040a6207013902024037070103060c0f1c2a0c0b72617370626572727970693c0c756468',
    '637020312e33352e303d0701b827ebc0ffeeff',
  ],
  /** dnsmasq 2.90 answers it. */
  dnsmasqAck: [
    'b827ebc0ffee86b83a18a698080045c001483cad0000401119050a6207010a62076f004300440134247902010600fcf41d51',
    '00030000000000000a62076f0a62070100000000b827ebc0ffee',
    '00*202',
    '6382536335010536040a620701330400000e103a04000007083b0400000c4e0104ffffff001c040a6207ff03040a6207010c',
    '0b7261737062657272797069ff00',
  ],
  /** ISC dhclient 4.4 with the vendor class of an Usher card. */
  dhclientDiscover: [
    'ffffffffffffb827ebc0ffee080045100148000000008011399600000000ffffffff0044004301344e77010106006cc6e46e',
    '00*20',
    'b827ebc0ffee',
    '00*202',
    '638253633501010c0a6c617468652d6c6566743707011c02030f060c3c0775736865723a31ff',
    '00*26',
  ],
  /** dhcpcd 9.4.1; its option 60 is replaced by what it says on Raspberry Pi OS 11. */
  dhcpcdDiscover: [
    'ffffffffffffdca6320a0b0c08004500015c0dff00004011000000000000ffffffff0044004301480000010106005f9cd21a',
    '00*20',
    'dca6320a0b0c',
    '00*202',
    '63825363350101370701031c21333a3b390205c03c2d6468637063642d392e342e313a4c696e75782d362e312e32312d7638',
    '2b3a616172636836343a42434d323833350c0b7261737062657272797069910101ff',
  ],
  /** systemd-networkd 252, RFC 4361 client id. */
  networkdDiscover: [
    'ffffffffffffdca6320a0b0c080045c0014a00000000401178e400000000ffffffff004400430136d5ed01010600e6df4f58',
    '0001',
    '00*18',
    'dca6320a0b0c',
    '00*202',
    '638253633501013d13ff0102030400020000ab11001122334455667737090103060c0f212a7879390205c00c0b7261737062',
    '6572727970693c0775736865723a31ff',
  ],
  /** It gives its address back. */
  networkdRelease: [
    'b2438e44e140dca6320a0b0c080045c00125f98e400040111c270a62078e0a620701004400430111247501010600e6df4f58',
    '000700000a62078e',
    '00*12',
    'dca6320a0b0c',
    '00*202',
    '638253633501073d13ff0102030400020000ab110011223344556677ff',
  ],
} as const;

export type FrameName = keyof typeof FRAMES;
export const FRAME_NAMES = Object.keys(FRAMES) as FrameName[];

/** The frame's bytes, fresh each time. */
export function frame(name: FrameName): Uint8Array {
  const hex = FRAMES[name].map((part) => part.replace(/^00\*(\d+)$/, (_, count: string) => '00'.repeat(Number(count))));
  return new Uint8Array(Buffer.from(hex.join(''), 'hex'));
}

/** The DHCP message in a frame without VLAN tags and IP options. */
export function dhcpPayload(name: FrameName): Uint8Array {
  return frame(name).slice(42);
}
