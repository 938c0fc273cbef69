// The shapes of the operators' API, for programs that talk to it.
export type {
  ClaimChange,
  ClaimView,
  CreatedToken,
  DecisionRequest,
  DeviceView,
  LiveEvent,
  NewClaim,
  NewToken,
  SignInCode,
  SiteView,
  TokenView,
} from '../core/schemas.ts';
