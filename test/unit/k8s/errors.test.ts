import { describe, expect, it } from 'vitest';
import { UsherError } from '../../../foundation/errors.ts';
import { isExpired, refusalToError, unreachableError } from '../../../k8s/client/errors.ts';

const subject = { kind: 'Device', name: 'k4t7m' };
const refusal = (status: number, body: object | string): UsherError =>
  refusalToError({ status, body: typeof body === 'string' ? body : JSON.stringify(body), headers: {} }, subject);

describe('errors of the API server', () => {
  it.each([
    [404, { reason: 'NotFound' }, 'KUBE_NOT_FOUND'],
    [409, { reason: 'AlreadyExists' }, 'KUBE_ALREADY_EXISTS'],
    [409, { reason: 'Conflict' }, 'KUBE_CONFLICT'],
    [403, { reason: 'Forbidden' }, 'KUBE_FORBIDDEN'],
    [422, { reason: 'Invalid' }, 'KUBE_INVALID'],
    [500, {}, 'KUBE_FAILED'],
    [502, '<html>Bad gateway</html>', 'KUBE_FAILED'],
    [401, 'null', 'KUBE_FAILED'],
  ])('%i %j is %s', (status, body, code) => {
    expect(refusal(status, body).code).toBe(code);
  });

  it("keeps the server's words and the library's exception", () => {
    const error = refusal(403, { reason: 'Forbidden', message: "policy 'usher-node-labels' denied request" });
    expect(error.message).toContain("policy 'usher-node-labels' denied request");
    expect(error.cause).toMatchObject({ code: 403, body: expect.stringContaining('denied') as string });
  });

  it('tells an expired resourceVersion from other failures', () => {
    expect(isExpired(refusal(410, { reason: 'Expired' }))).toBe(true);
    expect(isExpired(refusal(500, {}))).toBe(false);
  });

  it('says what went wrong on the wire, from the innermost cause', () => {
    const socket = Object.assign(new TypeError('fetch failed'), { cause: new RangeError('connect ECONNREFUSED') });
    const error = unreachableError(socket);
    expect(error.code).toBe('KUBE_UNREACHABLE');
    expect(error.message).toContain('connect ECONNREFUSED');
    const ours = new UsherError('STOPPED');
    expect(unreachableError(ours)).toBe(ours);
  });
});
