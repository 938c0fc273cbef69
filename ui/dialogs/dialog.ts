import type { DeviceView } from '../../api/core/schemas.ts';

/** A dialog to open; `cardId` is the card it is about. */
export type Dialog =
  | { kind: 'claim'; cardId: string; device: DeviceView }
  /** Claims several at once, by a pattern of names. */
  | { kind: 'bulk'; cardId?: string; devices: readonly DeviceView[] }
  | { kind: 'edit'; cardId: string; claim: string; device?: DeviceView }
  | { kind: 'identify'; cardId: string; device: DeviceView }
  | { kind: 'unclaim'; cardId: string; claim: string; device?: DeviceView }
  /** Without `by` it lets the operator choose. */
  | { kind: 'replace'; cardId: string; old: DeviceView; by?: DeviceView }
  | { kind: 'revoke'; cardId: string; device: DeviceView }
  | { kind: 'reject'; cardId: string; device: DeviceView }
  | { kind: 'bring-back'; cardId: string; device: DeviceView }
  | { kind: 'trust'; cardId: string; device: DeviceView }
  | { kind: 'card'; cardId?: string }
  | { kind: 'cluster-ca'; cardId?: string };
