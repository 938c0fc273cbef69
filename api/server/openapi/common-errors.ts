import type { ErrorCode } from '../../../foundation/error-catalogue.ts';

/** As much of an OpenAPI operation as decides which errors it can give. */
export interface ErringOperation {
  security?: unknown;
  requestBody?: unknown;
  parameters?: unknown;
  requestParams?: unknown;
  'x-usher-role'?: string;
  'x-usher-fresh-sign-in'?: boolean;
  'x-usher-errors'?: readonly ErrorCode[];
}

const ALWAYS: readonly ErrorCode[] = ['HOST_NOT_ALLOWED', 'RATE_LIMITED', 'INTERNAL'];
const KUBERNETES: readonly ErrorCode[] = ['KUBE_UNREACHABLE', 'KUBE_FORBIDDEN', 'KUBE_CONFLICT', 'KUBE_FAILED'];

const FRESH: readonly ErrorCode[] = ['PERSON_NEEDED', 'FRESH_SIGN_IN_NEEDED'];

/** Every code that the operation can give, those of its own first. @param method lower case */
export function errorsOf(method: string, operation: ErringOperation): ErrorCode[] {
  const isOpen = Array.isArray(operation.security) && operation.security.length === 0;
  const isChange = method !== 'get';
  const hasInput = operation.requestBody !== undefined || operation.requestParams !== undefined;
  return [
    ...new Set<ErrorCode>([
      ...(operation['x-usher-errors'] ?? []),
      ...(hasInput ? (['REQUEST_INVALID'] as const) : []),
      ...(operation.requestBody === undefined ? [] : (['REQUEST_TOO_LARGE'] as const)),
      ...(isOpen ? [] : (['SIGN_IN_NEEDED'] as const)),
      ...(isOpen || operation['x-usher-role'] === 'viewer' ? [] : (['ROLE_NEEDED'] as const)),
      ...(operation['x-usher-fresh-sign-in'] === true ? FRESH : []),
      ...(operation['x-usher-fresh-sign-in'] === true && method !== 'delete' ? (['AUDIT_NOT_WRITTEN'] as const) : []),
      ...(isChange ? (['ORIGIN_NOT_ALLOWED'] as const) : []),
      ...(isChange && !isOpen ? (['CSRF_TOKEN_INVALID', ...KUBERNETES] as const) : []),
      ...ALWAYS,
    ]),
  ];
}
