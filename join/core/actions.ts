import type { ErrorCode } from '../../foundation/error-catalogue.ts';
import type { ErrorParams } from '../../foundation/errors.ts';

/** Which ticket of a device: tickets are derived from the device's uid and this number, so it names one for good. */
export interface TicketNumber {
  readonly nodeName: string;
  readonly attempt: number;
}

/** What the chart asks for, by name, with all that the doing of it needs. Every one is idempotent. */
export interface ActionParams {
  /** Binds the node name to this device: k3s then refuses it to any other. */
  readonly makeNodePassword: TicketNumber;
  /** Puts the name on the allow-list of Node creation. */
  readonly listName: TicketNumber;
  readonly makeBootstrapToken: TicketNumber;
  /** Deletes the bootstrap token. */
  readonly burnTicket: TicketNumber;
  readonly unlistName: TicketNumber;
  /** Removes our node-password Secret where k3s has not adopted it. */
  readonly removeNodePassword: TicketNumber;
  readonly applyLabels: { readonly nodeName: string };
  /** Cordons and deletes the Node. */
  readonly releaseNode: { readonly nodeName: string };
  /** Deletes a Device that nobody wants and that no longer calls. */
  readonly forgetDevice: undefined;
  readonly emitEvent: Story;
}

export type ActionName = keyof ActionParams;

/** An action as data. */
export type JoinAction = {
  [Name in ActionName]: { readonly name: Name; readonly params: ActionParams[Name] };
}[ActionName];

/** One Kubernetes Event: a reason for programs and a sentence for people. */
export interface Story {
  readonly type: 'Normal' | 'Warning';
  readonly reason: string;
  readonly message: string;
}

/** An error that is to stand in the device's status. */
export interface ShownError {
  readonly code: ErrorCode;
  readonly params: ErrorParams;
}
