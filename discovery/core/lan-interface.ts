import { z } from 'zod';
import { normaliseMac } from '../../foundation/text.ts';
import type { InterfaceAddress } from './ipv4.ts';

/** A network interface that leads to the site's LAN. */
export interface LanInterface {
  name: string;
  /** Kernel's index: a removed and re-made interface of the same name gets another one. */
  index: number;
  mac: string;
  isUp: boolean;
  /** IPv4 only. */
  addresses: InterfaceAddress[];
}

/** What `ip -json address show` prints, as far as it is read here. */
const Links = z.array(
  z.object({
    ifindex: z.int().optional(),
    ifname: z.string().optional(),
    link_type: z.string().optional(),
    flags: z.array(z.string()).optional(),
    master: z.string().optional(),
    address: z.string().optional(),
    addr_info: z
      .array(z.object({ family: z.string().optional(), local: z.string().optional(), prefixlen: z.int().optional() }))
      .optional(),
  }),
);
type Link = z.infer<typeof Links>[number];

/** Made by container networks, virtual machines, tunnels and traffic shaping; none of them leads to the LAN. */
const VIRTUAL =
  /^(lo|cni|flannel|veth|docker|br-[0-9a-f]{12}$|virbr|vnet|tailscale|wg|tun|tap|cali|cilium|lxc|kube|nodelocaldns|dummy|ifb|sit|vxlan|geneve|zt)/;

/** All interfaces of the machine and those of them that lead to the LAN. */
export interface InterfaceSurvey {
  lan: LanInterface[];
  /** MAC addresses of this machine itself, which are no sightings. */
  ownMacs: Set<string>;
}

/**
 * Reads the output of `ip -json address show`. LAN interfaces are those in `names`, or without `names` every Ethernet
 * interface that is not virtual by its name and not a port of a bridge (the bridge sees its frames).
 * Undefined when the text is not what `ip` prints.
 */
export function surveyInterfaces(json: string, names?: readonly string[]): InterfaceSurvey | undefined {
  const parsed = Links.safeParse(parseJson(json));
  if (!parsed.success) return undefined;
  const isLan = (link: Link): boolean =>
    names === undefined
      ? link.link_type === 'ether' && link.master === undefined && !VIRTUAL.test(link.ifname ?? '')
      : names.includes(link.ifname ?? '');
  const ownMacs = parsed.data.flatMap((link) => normaliseMac(link.address ?? '') ?? []);
  return { lan: parsed.data.filter(isLan).flatMap(toLanInterface), ownMacs: new Set(ownMacs) };
}

function toLanInterface(link: Link): LanInterface[] {
  const mac = normaliseMac(link.address ?? '');
  if (link.ifname === undefined || link.ifindex === undefined || mac === undefined) return [];
  const addresses = (link.addr_info ?? []).flatMap((info) =>
    info.family === 'inet' && info.local !== undefined && info.prefixlen !== undefined
      ? [{ address: info.local, prefixLength: info.prefixlen }]
      : [],
  );
  return [{ name: link.ifname, index: link.ifindex, mac, isUp: link.flags?.includes('UP') ?? false, addresses }];
}

function parseJson(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    return undefined;
  }
}
