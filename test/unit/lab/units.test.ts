import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { nextElapseMs, readUnit, restartsAfter, type ServiceUnit, type TimerUnit } from '../../../lab/core/unit.ts';
import { listOf, parseCommand, parseUnitFile, timeSpanMs, valueOf, valuesOf } from '../../../lab/core/unit-file.ts';

describe('unit files', () => {
  it('reads sections, lists, comments, continuations and resets', () => {
    const unit = parseUnitFile(
      [
        '# a comment',
        '[Unit]',
        'After=a.service b.service',
        'After = c.service',
        '; another',
        '[Service]',
        'ExecStart=/bin/one \\',
        '# in between',
        '  --two',
        'Environment=A=1',
        'Environment=',
        'Environment=B=2',
        'not an assignment',
        '[Unit]',
        'Description=late',
      ].join('\n'),
    );
    expect(listOf(unit, 'Unit', 'After')).toEqual(['a.service', 'b.service', 'c.service']);
    expect(parseCommand(valueOf(unit, 'Service', 'ExecStart') ?? '').argv).toEqual(['/bin/one', '--two']);
    expect(valuesOf(unit, 'Service', 'Environment')).toEqual(['B=2']);
    expect(valueOf(unit, 'Unit', 'Description')).toBe('late');
  });

  it.each([
    ['5s', 5000],
    ['2min', 120_000],
    ['1h 30min', 5_400_000],
    ['1h30min', 5_400_000],
    ['90', 90_000],
    ['500ms', 500],
    ['0', 0],
    ['infinity', Number.POSITIVE_INFINITY],
    ['soon', undefined],
    ['5 lightyears', undefined],
  ])('reads the time span %s', (text, expected) => {
    expect(timeSpanMs(text)).toBe(expected);
  });

  it.each([
    ['-/sbin/modprobe overlay', { argv: ['/sbin/modprobe', 'overlay'], mayFail: true }],
    [`/bin/sh -c "echo 'a b'" ""`, { argv: ['/bin/sh', '-c', "echo 'a b'", ''], mayFail: false }],
    ['@/bin/x', { argv: ['/bin/x'], mayFail: false }],
  ])('splits the command %s', (line, expected) => {
    expect(parseCommand(line)).toEqual(expected);
  });
});

describe('units of the card', () => {
  const read = (name: string): ReturnType<typeof readUnit> =>
    readUnit(name, readFileSync(new URL(`../../../bootstrap-image/agent/units/${name}`, import.meta.url), 'utf8'));

  it('understands the check-in that runs before k3s and must end', () => {
    const unit = read('usher-checkin.service') as ServiceUnit;
    expect(unit).toMatchObject({ kind: 'service', oneshot: true });
    expect(unit.before).toContain('k3s-agent.service');
    expect(Number.isFinite(unit.timeoutStartMs)).toBe(true);
  });

  it('understands the timer', () => {
    const timer = read('usher-checkin.timer') as TimerUnit;
    expect(timer).toMatchObject({ kind: 'timer', starts: 'usher-checkin.service' });
    expect(nextElapseMs(timer, { ...AT_BOOT })).toBe(45_000);
    expect(nextElapseMs(timer, { ...AT_BOOT, lastTrigger: 45_000, unitInactive: 46_000 })).toBe(166_000);
  });

  it('understands the watch for wishes', () => {
    expect(read('usher-identify.path')).toMatchObject({
      ...{ kind: 'path', starts: 'usher-identify.service', folder: '/run/usher/identify', makesFolder: true },
      wantedBy: ['multi-user.target'],
    });
    expect(read('usher-identify.service')).toMatchObject({ kind: 'service', oneshot: true, wantedBy: [] });
  });

  it('understands k3s: always restarted, only its main process killed', () => {
    const unit = read('k3s-agent.service') as ServiceUnit;
    expect(unit.killsOnlyMain).toBe(true);
    expect(unit.timeoutStartMs).toBe(Number.POSITIVE_INFINITY);
    expect([restartsAfter(unit, 0), restartsAfter(unit, 1), restartsAfter(unit, undefined)]).toEqual([
      true,
      true,
      true,
    ]);
    expect(unit.wantedBy).toEqual(['multi-user.target']);
  });

  it('understands the agent: started again only after a failure', () => {
    const unit = read('usher-agent.service') as ServiceUnit;
    expect([restartsAfter(unit, 0), restartsAfter(unit, 1)]).toEqual([false, true]);
  });
});

const AT_BOOT = { boot: 0, active: 100, lastTrigger: undefined, unitActive: undefined, unitInactive: undefined };

describe('timers', () => {
  const timer = (text: string): TimerUnit => readUnit('t.timer', `[Timer]\n${text}`) as TimerUnit;

  it.each([
    ['OnBootSec=1s', {}, 1000],
    ['OnBootSec=1s', { active: 5000 }, 1000],
    ['OnBootSec=1s', { lastTrigger: 1000 }, undefined],
    ['OnActiveSec=1s', {}, 1100],
    ['OnUnitInactiveSec=2s', {}, undefined],
    ['OnUnitInactiveSec=2s', { unitInactive: 500 }, 2500],
    ['OnUnitActiveSec=2s', { lastTrigger: 700 }, 2700],
    ['OnBootSec=9s\nOnUnitInactiveSec=2s', { unitInactive: 500 }, 2500],
    ['OnBootSec=9s\nOnUnitInactiveSec=2s', { lastTrigger: 9000, unitInactive: 9500 }, 11_500],
  ])('%j with %j is due at %s', (text, moments, expected) => {
    expect(nextElapseMs(timer(text), { ...AT_BOOT, ...moments })).toBe(expected);
  });
});
