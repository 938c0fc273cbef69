/**
 * The other side of mDNS, for the tests of discovery. `device ID` announces what a device without ticket announces,
 * `appliance ID` is the appliance's own advertisement, `browse` prints each `_usher._tcp` service it hears of. Interface
 * eth0, or the one named last. Ends on SIGTERM, with a goodbye.
 */
import { getResponder } from '@homebridge/ciao';
import { Bonjour, type Service } from 'bonjour-service';
import { networkInterfaces } from 'node:os';
import { advertiseAppliance } from '../../../discovery/sources/advertise.ts';

const [mode, id = '', interfaceName = 'eth0'] = process.argv.slice(2);
const keepAlive = setInterval(() => undefined, 1000);

function stopOnSignal(stop: () => Promise<void>): void {
  process.once('SIGTERM', () => {
    clearInterval(keepAlive);
    void stop();
  });
}

async function device(): Promise<void> {
  const responder = getResponder({ interface: [interfaceName], disableIpv6: true });
  const txt = { v: '1', id, st: 'new', ev: 'none' };
  const service = responder.createService({
    name: 'usher-k4t7m2',
    type: 'usher-device',
    hostname: 'lathe-pi',
    port: 9,
    txt,
  });
  await service.advertise();
  stopOnSignal(() => responder.shutdown());
}

async function appliance(): Promise<void> {
  const advertisement = await advertiseAppliance({
    interfaces: [interfaceName],
    port: 7443,
    txt: { v: '1', id, n: 'old name', api: '1' },
  });
  await advertisement.update({ txt: { v: '1', id, n: 'workshop', api: '1' } });
  stopOnSignal(() => advertisement.stop());
}

function browse(): void {
  const address = networkInterfaces()['eth0']?.find(({ family }) => family === 'IPv4')?.address;
  const options: object = { interface: address, bind: '0.0.0.0' };
  const bonjour = new Bonjour(options);
  const browser = bonjour.find({ type: 'usher' });
  const printer =
    (event: string) =>
    ({ name, port, addresses, txt }: Service): void => {
      process.stdout.write(`${JSON.stringify({ event, name, port, addresses, txt: txt as unknown })}\n`);
    };
  browser.on('up', printer('up'));
  browser.on('txt-update', printer('txt-update'));
  browser.on('down', printer('down'));
  stopOnSignal(() => new Promise((resolve) => bonjour.destroy(resolve)));
}

if (mode === 'device') await device();
else if (mode === 'appliance') await appliance();
else browse();
process.stdout.write(`${JSON.stringify({ event: 'ready' })}\n`);
