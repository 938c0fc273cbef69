import { Writable } from 'node:stream';
import { expect, it } from 'vitest';
import { createLogger } from '../../../appliance/log.ts';
import { journalLogger } from '../../../bootstrap-image/agent/adapters/journal-logger.ts';
import { silentLogger } from '../../../foundation/logger.ts';
import type { Kind, KubeObject } from '../../../k8s/core/resources.ts';
import { EventRecorder } from '../../../k8s/events.ts';
import { device, DEVICE_ID } from '../../support/api-fixture.ts';
import { FakeKube } from '../../support/fake-kube.ts';
import { ALL_HOSTILE_STRINGS, firstUnprintable, isTameOnTerminal } from '../../support/hostile-strings.ts';
import { ManualClock } from '../../support/manual-clock.ts';

const EVENT: Kind<KubeObject> = { apiVersion: 'events.k8s.io/v1', kind: 'Event', plural: 'events', namespaced: true };

it.each(ALL_HOSTILE_STRINGS.map((text, index) => ({ index, text })))(
  'text $index is one line in the log, and reads as it was',
  ({ text }) => {
    const lines: string[] = [];
    const sink = new Writable({
      write(chunk: Buffer, _encoding, done) {
        lines.push(chunk.toString());
        done();
      },
    });
    const fields = { hostname: text, [text]: text, nested: { list: [text] } };
    createLogger('info', sink).info(fields, text);
    journalLogger((line) => lines.push(line), true).warn(fields, text);
    expect(lines).toHaveLength(2);
    for (const line of lines) {
      expect(line.indexOf('\n')).toBe(line.length - 1);
      expect(isTameOnTerminal(line), line).toBe(true);
    }
    const [own = '', journal = ''] = lines;
    const asSent = JSON.parse(JSON.stringify({ hostname: text, nested: { list: [text] } })) as object;
    expect(JSON.parse(own)).toMatchObject(asSent);
    expect(journal).toMatch(/^<4>/);
    expect(JSON.parse(journal.slice(journal.indexOf('{"hostname"')))).toMatchObject(asSent);
  },
);

it('Kubernetes Events are printable', async () => {
  const kube = new FakeKube();
  const recorder = new EventRecorder({ kube, clock: new ManualClock(), logger: silentLogger, instance: 'master' });
  for (const message of ALL_HOSTILE_STRINGS) {
    await recorder.record(device(DEVICE_ID), { type: 'Warning', reason: 'Reported', message, action: 'Report' });
  }
  const events = await kube.list(EVENT);
  expect(events.length).toBeGreaterThan(ALL_HOSTILE_STRINGS.length / 2);
  expect(firstUnprintable(events)).toBeUndefined();
});
