import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseClaimCode } from '../../join/protocol/claim-code.ts';
import { ENROL_PORT } from '../../join/protocol/messages.ts';
import { DEVICE } from '../../k8s/core/resources.ts';
import { ControlClient } from '../../lab/control-client.ts';
import { plugGenericPi, scanScreen, SCREEN } from './support/generic-pi.ts';
import {
  deviceOf,
  eventually,
  isNodeReady,
  labelsOf,
  startRunningSite,
  type RunningSite,
} from './support/running-site.ts';

const PROJECT = fileURLToPath(new URL('../..', import.meta.url)).replace(/\/$/, '');
const SOON_MS = 30_000;

describe('claim codes of devices that belong to no site', () => {
  let running: RunningSite;

  beforeAll(async () => {
    running = await startRunningSite({ labName: 'codes' });
  });
  afterAll(async () => {
    await running.stop();
  });

  it('make a node of a board whose code was read from its screen', async () => {
    // As by hand: usher lab add pi-1 --generic
    await (await ControlClient.find('codes')).add({ name: 'pi-1', generic: true });
    const url = await scanScreen(running, 'pi-1');
    expect(url.startsWith(`${running.site.url}/c#1.`)).toBe(true);
    const { id, stage } = await deviceOf(running, 'pi-1');
    expect(stage).toBe('NoEvidence');
    const { device } = await running.client.enterClaimCode({ code: url });
    expect(device).toBe(id);
    await running.client.createClaim({ name: 'lathe-left', match: { device }, labels: { machine: 'lathe' } });
    await eventually(
      'the code to be proven',
      SOON_MS,
      async () => (await running.client.claimCode(id)).state === 'proven',
    );
    await eventually('node lathe-left to be Ready', 90_000, () => isNodeReady(running, 'lathe-left'));
    await eventually('its labels', SOON_MS, async () => (await labelsOf(running, 'lathe-left'))['machine'] === 'lathe');
    expect((await running.kube.get(DEVICE, { name: id }))?.spec.evidence.kind).toBe('ClaimCode');
    const { lab } = running.site;
    await eventually(
      'the screen to be cleared',
      SOON_MS,
      async () => !/[█▀▄]/.test((await lab.machine('pi-1').readFile(SCREEN)) ?? '█'),
    );
  });

  it('are worth nothing to a machine that stands between board and appliance', async () => {
    const { lab } = running.site;
    const rogue = '10.77.0.66';
    const between = await lab.startMachine({
      name: 'rogue',
      addressing: { kind: 'static', address: rogue },
      command: [process.execPath, `${PROJECT}/test/site/support/relaying-machine.ts`],
      binds: [{ from: PROJECT }, { from: process.execPath }],
    });
    // A board whose card leads nowhere asks the network, and finds the honest one.
    const knock = ['bash', '-c', `exec 3<>/dev/tcp/127.0.0.1/${String(ENROL_PORT)}`];
    await eventually('the machine in between to listen', SOON_MS, async () => {
      const { code } = await between.exec(knock, { allowFailure: true });
      return code === 0;
    });
    await plugGenericPi(running, 'pi-2', rogue);
    const { device, code } = parseClaimCode(await scanScreen(running, 'pi-2'));
    // What the site sees has the board's MAC address, but the key of the machine in between.
    const seen = await deviceOf(running, 'pi-2');
    expect(seen.id).not.toBe(device);
    await running.client.enterClaimCode({ code: await scanScreen(running, 'pi-2') });
    // An operator who is led astray binds the code to the key that he sees.
    await running.client.enterClaimCode({ code: `1.${seen.id}.${code.reveal()}` });
    const refused = await eventually('the proof to be refused', SOON_MS, async () => {
      const view = await running.client.claimCode(seen.id);
      return view.state === 'refused' ? view : undefined;
    });
    expect(refused.failure?.code).toBe('CLAIM_CODE_RELAYED');
    expect((await running.client.claimCode(device)).state).toBe('waiting');
    expect((await running.client.alarms()).map((alarm) => alarm.code)).toContain('CLAIM_CODE_RELAYED');
    expect(await running.kube.get(DEVICE, { name: seen.id })).toBeUndefined();
    expect(await running.kube.get(DEVICE, { name: device })).toBeUndefined();
    // The board pinned nobody's CA.
    expect((await lab.machine('pi-2').readFile('/var/lib/usher/state.json')) ?? '').not.toContain('CERTIFICATE');
  });
});
