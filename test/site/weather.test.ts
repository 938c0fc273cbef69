import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Secret } from '../../foundation/secret.ts';
import { NODE } from '../../k8s/core/resources.ts';
import { NO_GATEWAY_CLASS } from '../../lab/core/address-plan.ts';
import { MASTER, ROUTER } from '../../lab/lab.ts';
import { runs } from '../support/full-run.ts';
import { eventually, labelsOf, startRunningSite, startSecondAppliance } from './support/running-site.ts';
import { LATER_MS, SOON_MS, WeatherSite } from './support/weather.ts';

// What happens by itself on a site, and how it ends. Machines are shared where two cases can be about one.
//
// | case                            | how it ends                                                               |
// | router reboots mid-join         | Ready                                                                     |
// | duplicate hostname              | two nodes under their claims' names                                       |
// | interface down for a minute     | Ready, the pod ran on                                                     |
// | switch replaced                 | all Ready, the pod ran on                                                 |
// | DHCP gives another lease        | k3s is started anew by the check-in, the node has the new address         |
// | clock ten years slow, fast      | set right before k3s starts, Ready                                        |
// | disk full during the download   | DISK_FULL everywhere; freed: goes on by itself                            |
// | disk full at the join           | DISK_FULL everywhere, no ticket spent; freed: Ready                       |
// | no k3s for the architecture     | ARCHITECTURE_UNSUPPORTED everywhere                                       |
// | no default route                | Ready by the interface that leads to the site                             |
// | two appliances on one LAN       | the Pi goes to that of its card; to the other one it is Seen              |
// | duplicate MAC                   | SERIAL_CONFLICT on both, everywhere; one rejected: the other Ready        |
// | appliance away at a Pi's boot   | NO_APPLIANCE_FOUND on the screen; back: all Ready, pods run               |
// | appliance's address changes     | found by mDNS before, during and after a join; nodes follow it            |
const LINK_DOWN_MS = runs(10_000, 60_000);

describe('weather over a site', { timeout: 400_000 }, () => {
  let site: WeatherSite;
  let stop: () => Promise<void> = () => Promise.resolve();
  /** Device ids by the name of their Pi. */
  const ids: Record<string, string> = {};
  const idOf = (name: string): string => ids[name] ?? '';
  let podBefore: { uid: string | undefined; restarts: number };

  beforeAll(async () => {
    const running = await startRunningSite({ labName: 'weather' });
    stop = () => running.stop();
    site = new WeatherSite(running);
  });
  afterAll(async () => {
    await stop();
  });

  it('a router that reboots in the middle of a join delays nothing but itself', async () => {
    const { lab } = site.running.site;
    [ids['pi-1'], ids['pi-2']] = await Promise.all([site.plugIn('pi-1'), site.plugIn('pi-2')]);
    await Promise.all([site.claim(idOf('pi-1'), 'rain'), site.claim(idOf('pi-2'), 'snow')]);
    await site.reaches(idOf('pi-1'), 'Approved', 'Joining', 'Ready');
    await lab.kill(ROUTER);
    await delay(1000);
    await lab.boot(ROUTER);
    await Promise.all([site.isReady(idOf('pi-1'), 'rain'), site.isReady(idOf('pi-2'), 'snow')]);
  });

  it('two Pis called raspberrypi are two nodes, under the names of their claims', async () => {
    for (const [pi, node] of [
      ['pi-1', 'rain'],
      ['pi-2', 'snow'],
    ] as const) {
      expect((await site.running.site.lab.execIn(pi, ['hostname'])).stdout).toBe('raspberrypi\n');
      expect((await site.running.client.device(idOf(pi))).nodeName).toBe(node);
      expect(await labelsOf(site.running, node)).toEqual({ weather: node });
    }
    await site.startPod('umbrella', 'rain');
    podBefore = await site.podRuns('umbrella');
  });

  it('an interface that is down for a while comes back by itself, and pods run on', async () => {
    const { weather } = site.running.site.lab;
    await weather.setLink('pi-1', false);
    await delay(LINK_DOWN_MS);
    await weather.setLink('pi-1', true);
    await site.checkIn('pi-1');
    await site.isReady(idOf('pi-1'), 'rain');
    expect(await site.podRuns('umbrella')).toEqual(podBefore);
  });

  it('a switch that is replaced takes nobody with it', async () => {
    const { weather } = site.running.site.lab;
    await weather.setLink('switch', false);
    await delay(runs(4000, 30_000));
    await weather.setLink('switch', true);
    await Promise.all([site.isReady(idOf('pi-1'), 'rain'), site.isReady(idOf('pi-2'), 'snow')]);
    expect(await site.podRuns('umbrella')).toEqual(podBefore);
  });

  it('another lease reaches Kubernetes with the next check-in', async () => {
    const { lab } = site.running.site;
    const before = await lab.addressOf('pi-1');
    expect(await site.nodeAddress('rain')).toBe(before);
    await lab.weather.setAddress('pi-1', '10.77.0.150');
    await eventually('the new lease', SOON_MS, async () => (await lab.addressOf('pi-1')) === '10.77.0.150');
    await site.checkIn('pi-1');
    await eventually('the node to have it', SOON_MS, async () => (await site.nodeAddress('rain')) === '10.77.0.150');
    await site.isReady(idOf('pi-1'), 'rain');
    expect(await site.podRuns('umbrella')).toEqual(podBefore);
  });

  it.each([
    ['slow', '-10y', 'pi-3', 'ice'],
    ['fast', '+10y', 'pi-4', 'heat'],
  ])('a clock that is ten years %s is set right before k3s starts', async (_way, offset, pi, node) => {
    const { lab } = site.running.site;
    const machine = await lab.addPi({ name: pi });
    await machine.setClock(offset);
    await lab.plug(pi);
    ids[pi] = await site.verified(pi);
    await site.claim(idOf(pi), node);
    await site.isReady(idOf(pi), node);
    const text = (await machine.readFile('/var/log/units/usher-agent.service.log')) ?? '';
    expect(text).toMatch(/the clock (was earlier than the card|now follows the appliance)/);
    expect(text.search(/the clock (was|now)/)).toBeLessThan(text.indexOf('k3s-agent started with the ticket'));
    expect(Math.abs(Number(await machine.readFile('/run/lab-init/clock')))).toBeLessThan(60);
    await lab.kill(pi);
  });

  it('a disk that is full during the download is said everywhere, and room is all it takes to go on', async () => {
    const { lab } = site.running.site;
    const machine = await lab.addPi({ name: 'pi-5', dataDiskMiB: 1024 });
    await machine.boot();
    await lab.weather.setDisk('pi-5', true);
    await lab.plug('pi-5');
    ids['pi-5'] = await site.verified('pi-5');
    await site.showsEverywhere(idOf('pi-5'), 'pi-5', 'DISK_FULL');
    await lab.weather.setDisk('pi-5', false);
    await site.showsNothing(idOf('pi-5'), 'pi-5');
  });

  it('a disk that is full at the join costs no ticket, and room is all it takes to go on', async () => {
    const { lab } = site.running.site;
    await lab.weather.setDisk('pi-5', true);
    await site.claim(idOf('pi-5'), 'flood');
    await site.showsEverywhere(idOf('pi-5'), 'pi-5', 'DISK_FULL');
    const { status } = (await site.running.kube.get(NODE, { name: 'flood' })) ?? {};
    expect(status).toBeUndefined();
    await lab.weather.setDisk('pi-5', false);
    await site.isReady(idOf('pi-5'), 'flood');
    await site.showsNothing(idOf('pi-5'), 'pi-5');
    await lab.kill('pi-5');
  });

  it('a Pi for whose architecture there is no k3s says so everywhere', async () => {
    const { lab } = site.running.site;
    await lab.addPi({ name: 'pi-6', card: await otherArchitecture(site) });
    await lab.plug('pi-6');
    ids['pi-6'] = await site.verified('pi-6');
    await site.showsEverywhere(idOf('pi-6'), 'pi-6', 'ARCHITECTURE_UNSUPPORTED');
    await lab.kill('pi-6');
  });

  it('a Pi without a default route joins by the interface that leads to the site', async () => {
    const { lab } = site.running.site;
    ids['pi-7'] = await site.plugIn('pi-7', { dhcpClass: NO_GATEWAY_CLASS });
    expect((await lab.execIn('pi-7', ['ip', 'route', 'show', 'default'])).stdout).toBe('');
    await site.claim(idOf('pi-7'), 'island');
    await site.isReady(idOf('pi-7'), 'island');
    expect(await site.nodeAddress('island')).toBe(await lab.addressOf('pi-7'));
    await lab.kill('pi-7');
  });

  it('two appliances on one LAN are both heard, and a Pi belongs to that of its card alone', async () => {
    const { lab } = site.running.site;
    const other = await startSecondAppliance(site.running, { name: 'master-2', address: '10.77.0.3' });
    await lab.addPi({ name: 'pi-11', card: await site.cardNaming(['https://10.77.0.3:7443']) });
    await lab.plug('pi-11');
    ids['pi-11'] = await site.verified('pi-11');
    await site.claim(idOf('pi-11'), 'home');
    await site.isReady(idOf('pi-11'), 'home');
    expect(await site.appliancesHeard('pi-11')).toHaveLength(2);
    const { mac } = lab.machine('pi-11').spec;
    const rowThere = async () => (await other.devices()).find(({ macs }) => macs.includes(mac));
    expect(await eventually('the other one to see it', SOON_MS, rowThere)).toMatchObject({
      id: `mac:${mac}`,
      stage: 'Seen',
      claimable: false,
    });
    expect((await other.devices()).filter(({ stage }) => stage !== 'Seen')).toEqual([]);
    other.close();
    await Promise.all([lab.kill('pi-11'), lab.kill('master-2')]);
  });

  it('two Pis with one MAC address are both held, until an operator has said which is which', async () => {
    const { lab } = site.running.site;
    const { client } = site.running;
    const { mac } = (await lab.addPi({ name: 'pi-12' })).spec;
    await lab.addPi({ name: 'pi-13', mac });
    await lab.plug('pi-12');
    const first = await site.verified('pi-12');
    await lab.unplug('pi-12');
    await lab.plug('pi-13');
    const second = await eventually('the second one', SOON_MS, async () =>
      (await client.devices()).find((row) => row.id !== first && row.claimable && row.macs.includes(mac)),
    );
    await client.createClaim({ name: 'twin', match: { mac }, labels: { weather: 'twin' } });
    await site.showsEverywhere(second.id, 'pi-13', 'SERIAL_CONFLICT');
    expect((await client.device(first)).failure?.code).toBe('SERIAL_CONFLICT');
    await client.decide(first, 'Rejected');
    await site.isReady(second.id, 'twin');
    await Promise.all([lab.kill('pi-12'), lab.kill('pi-13')]);
  });

  it('an appliance that is away when Pis boot is waited for, and they say so', async () => {
    const { lab } = site.running.site;
    await lab.addPi({ name: 'pi-8' });
    await Promise.all([lab.kill('pi-1'), lab.kill('pi-2')]);
    await lab.kill(MASTER);
    await Promise.all([lab.boot('pi-1'), lab.plug('pi-8')]);
    await site.screenShows('pi-8', 'NO_APPLIANCE_FOUND');
    await lab.boot(MASTER);
    ids['pi-8'] = await site.verified('pi-8');
    await site.claim(idOf('pi-8'), 'dawn');
    await Promise.all([site.isReady(idOf('pi-8'), 'dawn'), site.isReady(idOf('pi-1'), 'rain')]);
    expect((await site.podRuns('umbrella')).uid).toBe(podBefore.uid);
    expect(await site.screen('pi-8')).not.toContain('NO_APPLIANCE_FOUND');
    await lab.kill('pi-8');
  });

  it('an appliance with another address is found before, during and after a join', async () => {
    const { lab } = site.running.site;
    await Promise.all([lab.addPi({ name: 'pi-9' }), lab.addPi({ name: 'pi-10' })]);
    await lab.plug('pi-9');
    ids['pi-9'] = await site.verified('pi-9');
    await site.claim(idOf('pi-9'), 'storm');
    await site.reaches(idOf('pi-9'), 'Joining', 'Ready');
    await lab.weather.setAddress(MASTER, '10.77.0.9');
    // Its card names the old address.
    await lab.plug('pi-10');
    ids['pi-10'] = await site.verified('pi-10');
    await site.claim(idOf('pi-10'), 'calm');
    await Promise.all([site.isReady(idOf('pi-9'), 'storm'), site.isReady(idOf('pi-10'), 'calm')]);
    await eventually('rain to follow', LATER_MS, async () => {
      await site.checkIn('pi-1');
      const config = (await lab.machine('pi-1').readFile('/etc/rancher/k3s/config.yaml')) ?? '';
      return config.includes('https://10.77.0.9:6443');
    });
    await site.isReady(idOf('pi-1'), 'rain');
    expect((await site.podRuns('umbrella')).uid).toBe(podBefore.uid);
  });
});

/** A card whose agent takes its machine for one of another architecture: `uname -m` says i686 to it. */
async function otherArchitecture({
  running,
}: WeatherSite): Promise<Awaited<ReturnType<typeof running.site.lab.cards.write>>> {
  const { card } = await running.client.createToken({ kind: 'card', note: 'another architecture' });
  const files = await running.site.lab.cards.write(card as never);
  const unit = '[Service]\nType=exec\nExecStart=/usr/bin/setarch i686 /usr/lib/usher/node /usr/lib/usher/agent.mjs\n';
  return files.map((file) =>
    file.path.endsWith('/usher-agent.service') && file.source.kind === 'file'
      ? { ...file, source: { kind: 'secret', text: new Secret(unit) } }
      : file,
  );
}
