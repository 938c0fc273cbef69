import { type CiaoService, getResponder, type Responder } from '@homebridge/ciao';
import { messageOf, UsherError } from '../../foundation/errors.ts';

/** TXT record of `_usher._tcp`: no secrets, at most some 55 bytes. */
export interface ApplianceTxt {
  v: string;
  /** Hash of the enrolment CA's key: a card that pins the CA asks only this appliance. */
  id: string;
  /** Site name. */
  n: string;
  api: string;
}

export interface AdvertiseOptions {
  /** LAN interfaces by name. */
  interfaces: readonly string[];
  port: number;
  txt: ApplianceTxt;
}

export interface Advertisement {
  /** Advertises something else, or elsewhere, from now on. Unchanged parts are left alone. */
  update(change: Partial<Pick<AdvertiseOptions, 'interfaces' | 'txt'>>): Promise<void>;
  /** Says goodbye and ends. */
  stop(): Promise<void>;
}

const SERVICE_TYPE = 'usher';

/**
 * Advertises the appliance as `_usher._tcp` by mDNS, so that devices without an address in their image find it. Address
 * changes of the interfaces are followed by the library. Interfaces go by name: left to itself the library finds none
 * where the kernel shows them as `eth0@if7`, as it does in namespaces.
 * @throws UsherError LISTEN_FAILED
 */
export async function advertiseAppliance(options: AdvertiseOptions): Promise<Advertisement> {
  let current = options;
  let running = await start(current);
  return {
    async update(change) {
      const wanted = { ...current, ...change };
      const isElsewhere = [...wanted.interfaces].sort().join() !== [...current.interfaces].sort().join();
      const isOther = JSON.stringify(wanted.txt) !== JSON.stringify(current.txt);
      current = wanted;
      if (isElsewhere) {
        await running.responder?.shutdown();
        running = await start(current);
      } else if (isOther) {
        running.service?.updateTxt({ ...current.txt });
      }
    },
    async stop() {
      const { responder } = running;
      running = {};
      await responder?.shutdown();
    },
  };
}

interface Running {
  responder?: Responder;
  service?: CiaoService;
}

async function start({ interfaces, port, txt }: AdvertiseOptions): Promise<Running> {
  // Without a name the library would take all interfaces.
  if (interfaces.length === 0) return {};
  const responder = getResponder({ interface: [...interfaces], disableIpv6: true });
  const service = responder.createService({
    name: `usher-${txt.id.slice(0, 8)}`,
    type: SERVICE_TYPE,
    port,
    txt: { ...txt },
    restrictedAddresses: [...interfaces],
    disabledIpv6: true,
  });
  try {
    await service.advertise();
  } catch (error) {
    await responder.shutdown();
    throw new UsherError('LISTEN_FAILED', { address: 'UDP port 5353', detail: messageOf(error) }, { cause: error });
  }
  return { responder, service };
}
