import { CATALOGUE, type ERROR_CLASSES } from '../../foundation/error-catalogue.ts';
import { DETAILS } from './de-details.ts';
import { AGENT } from './de-errors/agent.ts';
import { CLAIMS } from './de-errors/claims.ts';
import { DISCOVERY } from './de-errors/discovery.ts';
import { ENROLMENT } from './de-errors/enrolment.ts';
import { GENERAL } from './de-errors/general.ts';
import { IMAGES } from './de-errors/images.ts';
import { JOIN } from './de-errors/join.ts';
import { K3S } from './de-errors/k3s.ts';
import { KUBERNETES } from './de-errors/kubernetes.ts';
import { MANIFESTS } from './de-errors/manifests.ts';
import { OPERATORS } from './de-errors/operators.ts';
import { PEOPLE } from './de-errors/people.ts';
import { SERVICES } from './de-errors/services.ts';
import { OF_SERVICES } from './de-told-services.ts';
import { TOLD } from './de-told.ts';
import { PhraseBook, type ErrorText } from './phrase-book.ts';

/** Fehler, die die Seite zeigen kann: alle außer denen des Labors. */
const OWN = {
  general: GENERAL,
  k3s: K3S,
  kubernetes: KUBERNETES,
  discovery: DISCOVERY,
  enrolment: ENROLMENT,
  claims: CLAIMS,
  manifests: MANIFESTS,
  join: JOIN,
  operators: OPERATORS,
  people: PEOPLE,
  agent: AGENT,
  images: IMAGES,
  services: SERVICES,
} as const satisfies Record<Exclude<keyof typeof ERROR_CLASSES, 'lab'>, Readonly<Record<string, ErrorText>>>;

/** Was die Appliance sagt, auf Deutsch. */
export const GERMAN_BOOK = new PhraseBook('de', germanErrors(), [...TOLD, ...DETAILS, ...OF_SERVICES]);

/** Englischer und deutscher Text jedes Fehlers. */
export function germanErrors(): Record<string, { english: ErrorText; own: ErrorText }> {
  const english: Readonly<Record<string, ErrorText>> = CATALOGUE;
  return Object.fromEntries(
    Object.values(OWN).flatMap((errors) =>
      Object.entries<ErrorText>(errors).flatMap(([code, own]) => {
        const said = english[code];
        return said === undefined ? [] : [[code, { english: said, own }]];
      }),
    ),
  );
}
