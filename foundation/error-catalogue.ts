import { AGENT_ERRORS } from './error-catalogue/agent.ts';
import { CLAIM_ERRORS } from './error-catalogue/claims.ts';
import { DISCOVERY_ERRORS } from './error-catalogue/discovery.ts';
import { ENROLMENT_ERRORS } from './error-catalogue/enrolment.ts';
import { GENERAL_ERRORS } from './error-catalogue/general.ts';
import { IMAGE_ERRORS } from './error-catalogue/images.ts';
import { JOIN_ERRORS } from './error-catalogue/join.ts';
import { K3S_ERRORS } from './error-catalogue/k3s.ts';
import { KUBERNETES_ERRORS } from './error-catalogue/kubernetes.ts';
import { LAB_ERRORS } from './error-catalogue/lab.ts';
import { MANIFEST_ERRORS } from './error-catalogue/manifests.ts';
import { OPERATOR_ERRORS } from './error-catalogue/operators.ts';
import { PEOPLE_ERRORS } from './error-catalogue/people.ts';
import { SERVICE_ERRORS } from './error-catalogue/services.ts';

export type { CatalogueEntry } from './error-catalogue/entry.ts';

/** The errors by class: one page of `docs/errors/` for each, in the order of a device's way. */
export const ERROR_CLASSES = {
  general: GENERAL_ERRORS,
  k3s: K3S_ERRORS,
  kubernetes: KUBERNETES_ERRORS,
  discovery: DISCOVERY_ERRORS,
  enrolment: ENROLMENT_ERRORS,
  claims: CLAIM_ERRORS,
  manifests: MANIFEST_ERRORS,
  join: JOIN_ERRORS,
  images: IMAGE_ERRORS,
  operators: OPERATOR_ERRORS,
  people: PEOPLE_ERRORS,
  agent: AGENT_ERRORS,
  services: SERVICE_ERRORS,
  lab: LAB_ERRORS,
} as const;

/**
 * Every error of the product, in the order of a device's way. Codes are permanent: a code that is no longer used is
 * retired, never given a new meaning. `docs/errors.md` is generated from this list.
 */
export const CATALOGUE = {
  ...GENERAL_ERRORS,
  ...K3S_ERRORS,
  ...KUBERNETES_ERRORS,
  ...DISCOVERY_ERRORS,
  ...ENROLMENT_ERRORS,
  ...CLAIM_ERRORS,
  ...MANIFEST_ERRORS,
  ...JOIN_ERRORS,
  ...IMAGE_ERRORS,
  ...OPERATOR_ERRORS,
  ...PEOPLE_ERRORS,
  ...AGENT_ERRORS,
  ...SERVICE_ERRORS,
  ...LAB_ERRORS,
} as const;

/** The permanent code of an error. */
export type ErrorCode = keyof typeof CATALOGUE;
