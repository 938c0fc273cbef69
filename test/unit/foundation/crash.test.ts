import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { crashReport } from '../../../foundation/crash.ts';
import { UsherError } from '../../../foundation/errors.ts';

const SECRET = 'ush1.0123456789.abcdefghjkmnpqrstvwxyz0123';

describe('the report of a crash', () => {
  it.each<[string, unknown]>([
    ['in a message', new UsherError('INTERNAL', { detail: SECRET })],
    [
      'in a line of the message that looks like a frame',
      new UsherError('INTERNAL', { detail: `\n    at ${SECRET} (a:1:1)` }),
    ],
    ['in a field', Object.assign(new TypeError('x'), { headers: { authorization: SECRET } })],
    ['in the cause', new UsherError('INTERNAL', { detail: '' }, { cause: new TypeError(SECRET) })],
    ['in its name', Object.assign(new TypeError('x'), { name: `a ${SECRET}`, code: SECRET })],
    ['thrown as it is', SECRET],
  ])('says nothing of a secret %s', (_where, thrown) => {
    expect(JSON.stringify(crashReport(thrown))).not.toContain(SECRET);
  });

  it('says what and where', () => {
    const report = crashReport(new UsherError('KUBE_FAILED', {}, { cause: new RangeError('x') }));
    expect(report).toMatchObject({ what: 'UsherError KUBE_FAILED', cause: { what: 'RangeError' } });
    expect(report.frames[0]).toContain('crash.test.ts:');
  });
});

describe('a process that crashes with a secret in its hands', () => {
  const guard = join(import.meta.dirname, '../../../appliance/crash-guard.ts');
  const crash = (setUp: string): { status: number | null; said: string } => {
    const script = `${setUp}; setImmediate(() => { throw Object.assign(new Error('${SECRET}'), { token: '${SECRET}' }); })`;
    const child = spawnSync(process.execPath, ['--input-type=module', '-e', script], {
      encoding: 'utf8',
      timeout: 20_000,
    });
    return { status: child.status, said: child.stdout + child.stderr };
  };

  it('says where it crashed, and not what it held', () => {
    const { status, said } = crash(
      `const { guardCrashes } = await import('${guard}'); const l = { debug() {}, info() {}, warn() {}, error() {}, child: () => l }; guardCrashes(l)`,
    );
    expect(status).toBe(70);
    expect(said).toContain('the appliance crashed: {"origin":"uncaughtException","what":"Error"');
    expect(said).not.toContain(SECRET);
    expect(crash('').said).toContain(SECRET);
  });
});
