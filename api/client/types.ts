// The shapes of the operators' API, for programs that talk to it.
export type {
  AlarmView,
  ClaimChange,
  ClaimView,
  ClusterCaView,
  CreatedToken,
  DecisionRequest,
  DeviceView,
  LiveEvent,
  NewClaim,
  NewToken,
  RevocationView,
  SignInCode,
  SiteView,
  StoryView,
  TokenView,
} from '../core/schemas.ts';
