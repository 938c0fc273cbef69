import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Board, type Reading } from '../../../examples/dashboard/board.ts';
import { ageText, escapeHtml, liveHtml } from '../../../examples/dashboard/page.ts';
import { DashboardServer } from '../../../examples/dashboard/server.ts';
import { ALL_HOSTILE_STRINGS } from '../../support/hostile-strings.ts';

function reading(topic: string, payload: string, more: Partial<Reading> = {}): Reading {
  return { topic, payload, unit: undefined, node: undefined, epoch: undefined, atMs: 0, isKept: false, ...more };
}

describe('the board', () => {
  it('keeps the last of each topic, and nothing of an older epoch', () => {
    const board = new Board();
    const topic = 'site/telemetry/lathe-vibration/left/velocity';
    const from = (node: string, epoch: number): Partial<Reading> => ({ node, epoch, unit: 'left' });
    board.hear(reading(topic, '1', from('pi-a', 1)));
    board.hear(reading(topic, '2', from('pi-b', 2)));
    board.hear(reading(topic, 'late', from('pi-a', 1)));
    expect(board.readings()).toMatchObject([{ payload: '2' }]);
    expect(board.active()).toEqual([{ service: 'lathe-vibration', unit: 'left', node: 'pi-b', epoch: 2, atMs: 0 }]);
    board.hear(reading(topic, 'anew', { ...from('pi-a', 1), atMs: 30_000 }));
    expect(board.readings()).toMatchObject([{ payload: 'anew' }]);
  });

  it('stays small, whatever is sent', () => {
    const board = new Board();
    for (let number = 0; number < 2_000; number += 1)
      board.hear(reading(`t/${number}`, 'x'.repeat(10_000), { atMs: number }));
    expect(board.readings()).toHaveLength(500);
    expect(board.readings().every(({ payload, atMs }) => payload.length <= 401 && atMs >= 1_500)).toBe(true);
  });
});

describe('the page', () => {
  const board = new Board();
  let nowMs = 1_000;
  let isConnected = true;
  const dashboard = new DashboardServer({
    live: () => ({ readings: board.readings(), active: board.active(), isConnected }),
    nowMs: () => nowMs,
  });
  let url: string;

  beforeAll(async () => {
    dashboard.server.listen(0, '127.0.0.1');
    await once(dashboard.server, 'listening');
    url = `http://127.0.0.1:${(dashboard.server.address() as AddressInfo).port}`;
  });
  afterAll(() => {
    dashboard.server.closeAllConnections();
    dashboard.server.close();
  });

  it.each(ALL_HOSTILE_STRINGS)('shows %j as text', (hostile) => {
    const html = liveHtml(
      {
        readings: [reading(hostile, hostile, { node: hostile })],
        active: [{ service: hostile, unit: hostile, node: hostile, epoch: 1, atMs: 0 }],
        isConnected: true,
      },
      0,
    );
    const ours = /<\/?(h2|table|thead|tbody|tr|th|td|p)( scope="col"| class="old")?>/g;
    expect(html.replaceAll(ours, '')).not.toMatch(/[<>]/);
    expect(escapeHtml(hostile)).not.toMatch(/[<>"'\u202e]|\p{Cc}/u);
  });

  it('is whole without a script, and asks nobody else for anything', async () => {
    board.hear(reading('site/state/valve/north', '{"position":"open"}', { node: 'pi-a', unit: 'north', epoch: 3 }));
    const response = await fetch(url, { signal: AbortSignal.timeout(5_000) });
    const html = await response.text();
    expect(html).toContain('<td>{&#34;position&#34;:&#34;open&#34;}</td>');
    expect(html).toContain('<td>valve</td><td>north</td><td>pi-a</td><td>3</td><td>1 s</td>');
    expect(html).not.toMatch(/https?:|style="|onclick/);
    expect(response.headers.get('content-security-policy')).toMatch(/^default-src 'none'; .*script-src 'self'/);
    expect((await fetch(`${url}/../etc`)).status).toBe(404);
    expect((await fetch(url, { method: 'POST' })).status).toBe(405);
  });

  it('tells what changes to whoever looks', async () => {
    const response = await fetch(`${url}/events`, { signal: AbortSignal.timeout(5_000) });
    const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
    const next = async (): Promise<string> => JSON.parse(((await reader?.read())?.value ?? '').slice(6)) as string;
    expect(await next()).not.toContain('closed');
    board.hear(reading('site/state/valve/north', 'closed', { node: 'pi-b', unit: 'north', epoch: 4 }));
    [nowMs, isConnected] = [20_000, false];
    dashboard.refresh();
    expect(await next()).toMatch(/role="alert"[^]*class="old"[^]*closed/);
    await reader?.cancel();
  });

  it.each([
    [-5, '0 s'],
    [1_499, '1 s'],
    [119_000, '119 s'],
    [180_000, '3 min'],
    [7_200_000, '2 h'],
  ])('tells %d ms as %s', (ms, text) => expect(ageText(ms)).toBe(text));
});
