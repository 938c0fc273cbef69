import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { IdentifyView } from '../../api/core/schemas.ts';
import { IDENTIFY_FOLDER, IDENTIFY_LABEL, JOB } from '../../k8s/core/identify-job.ts';
import type { Machine } from '../../lab/machine.ts';
import { blinks, ledTrigger, screenOf } from './support/pi-signs.ts';
import { deviceOf, eventually, isNodeReady, POD, startRunningSite, type RunningSite } from './support/running-site.ts';

// Two boards side by side; the LED of each is a file.
describe('which of these boards is it', { timeout: 240_000 }, () => {
  let running: RunningSite;

  beforeAll(async () => {
    running = await startRunningSite({ labName: 'identify', pis: 2 });
  }, 240_000);
  afterAll(() => running.stop(), 60_000);

  const pi = (name: string): Machine => running.site.lab.machine(name);
  const led = (name: string): Promise<string> => ledTrigger(pi(name));
  const screen = (name: string): Promise<string> => screenOf(pi(name));

  /** The one board shows the words and blinks, the other one neither; then all is as it was. */
  async function expectShown(view: IdentifyView, endsWithinMs: number): Promise<void> {
    const words = view.words.toUpperCase();
    expect(view.words).toMatch(/^[a-z]+ [a-z]+$/);
    await eventually('the words on the screen', 10_000, async () => (await screen('pi-1')).split(words).length === 3);
    expect([await blinks(pi('pi-1')), await blinks(pi('pi-2'))]).toEqual([true, false]);
    expect(await screen('pi-2')).not.toContain('>>>');
    await eventually('the LED to be given back', endsWithinMs, async () => (await led('pi-1')) === 'mmc0');
    await eventually('the words to go', 5_000, async () => !(await screen('pi-1')).includes('>>>'));
  }

  it('shows one that waits to be claimed, by its own request for news', async () => {
    await Promise.all(['pi-1', 'pi-2'].map((name) => running.site.lab.plug(name)));
    const [left] = [await deviceOf(running, 'pi-1'), await deviceOf(running, 'pi-2')];
    await eventually('it to wait', 30_000, async () => (await screen('pi-1')).includes('waiting to be claimed'));
    const startMs = performance.now();
    const view = await running.client.identify(left.shortId, 12);
    console.log(`told after ${String(Math.round(performance.now() - startMs))} ms`);
    expect(view.how).toBe('Agent');
    await expect(running.client.identify(left.shortId, 12)).rejects.toMatchObject({ code: 'IDENTIFY_RUNNING' });
    await expectShown(view, 20_000);
    expect((await running.client.device(left.id)).stage).toBe('Pending');
  });

  it('gives the LED back when its agent is killed in the middle', async () => {
    const left = await deviceOf(running, 'pi-1');
    await running.client.identify(left.shortId, 15);
    await eventually('the LED to be borrowed', 5_000, async () => (await led('pi-1')) === 'none');
    await running.site.lab.machine('pi-1').exec(['pkill', '-KILL', '-f', '[a]gent.mjs']);
    await eventually('the next agent to give it back', 20_000, async () => (await led('pi-1')) === 'mmc0');
  });

  it('shows a joined node by a Job that leaves nothing behind', async () => {
    const left = await deviceOf(running, 'pi-1');
    await running.client.createClaim({ name: 'lathe-left', device: left.id });
    await eventually('the node to be Ready', 90_000, () => isNodeReady(running, 'lathe-left'));
    // It shows to the end what it was asked before, and writes the screen then.
    const agent = ['systemctl', 'is-active', 'usher-agent.service'];
    await eventually('the agent to have ended', 60_000, async () => {
      const { code } = await running.site.lab.machine('pi-1').exec(agent, { allowFailure: true });
      return code !== 0;
    });
    // The one before may still be on in the books of the appliance.
    const view = await eventually('the node to begin', 30_000, () => running.client.identify('lathe-left', 20));
    expect(view.how).toBe('Job');
    const pods = await running.kube.list(POD, { namespace: 'usher-system', labelSelector: IDENTIFY_LABEL });
    expect(pods.map(({ spec }) => spec.nodeName)).toEqual(['lathe-left']);
    await expectShown(view, 30_000);
    await eventually('Job and pod to be gone', 30_000, async () => {
      const options = { namespace: 'usher-system', labelSelector: IDENTIFY_LABEL };
      return (await running.kube.list(JOB, options)).length + (await running.kube.list(POD, options)).length === 0;
    });
    expect((await running.site.lab.machine('pi-1').exec(['ls', IDENTIFY_FOLDER])).stdout.trim()).toBe('');
  });
});
