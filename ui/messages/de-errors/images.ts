import type { IMAGE_ERRORS } from '../../../foundation/error-catalogue/images.ts';
import type { ErrorText } from '../phrase-book.ts';

/** Was beim Bauen, Bringen und Holen von Container-Images schiefgehen kann. */
export const IMAGES: Readonly<Record<keyof typeof IMAGE_ERRORS, ErrorText>> = {
  OCI_NOT_AN_ARCHIVE: {
    message: 'Das ist kein Archiv von Container-Images: {detail}',
    remedy:
      'Geben Sie, was npm run images, buildah push oci-archive:… oder docker save geschrieben hat (ein .tar, oder ein .tar.gz davon).',
  },
  OCI_ARCHIVE_INVALID: {
    message: 'Das Archiv von Images ist nicht zu gebrauchen: {detail}',
    remedy: 'Schreiben Sie das Archiv mit dem Programm, das es gemacht hat, noch einmal, und laden Sie das.',
  },
  OCI_DIGEST_MISMATCH: {
    message: 'Der Inhalt von {path} ist nicht, was sein Digest sagt',
    remedy: 'Das Archiv wurde unterwegs beschädigt: Kopieren oder schreiben Sie es noch einmal, und laden Sie das.',
  },
  OCI_TOO_LARGE: {
    message: 'Das Archiv ist zu groß: {detail}',
    remedy: 'Laden Sie weniger Images auf einmal, oder machen Sie das Image kleiner.',
  },
  OCI_PLATFORM_UNSUPPORTED: {
    message: 'Das Image {name} ist für {platforms}; Nodes brauchen linux/arm64, linux/amd64 oder linux/arm',
    remedy: 'Bauen Sie das Image für linux/arm64 (und linux/amd64 für einen Master oder das Labor), und laden Sie das.',
  },
  OCI_NAME_MISSING: {
    message: 'Das Archiv sagt nicht, wie sein Image heißt: {detail}',
    remedy: 'Laden Sie es mit --name HOST/NAME:TAG, zum Beispiel usher.internal/my-sensor:1.',
  },
  OCI_NAME_INVALID: {
    message: '{name} ist kein Name eines Container-Images',
    remedy: 'Ein Name ist HOST/NAME:TAG in Kleinbuchstaben, zum Beispiel usher.internal/my-sensor:1.',
  },
  OCI_IMAGE_UNKNOWN: {
    message: 'Der Standort hat kein Image {name}',
    remedy: 'usher oci list zeigt, welche er hat; usher oci load bringt eines.',
  },
  OCI_SOURCE_MISSING: {
    message: 'Das Image {name} kann nicht gebaut werden: {detail}',
    remedy: 'Berichtigen Sie die Beschreibung des Images, oder die Datei, die sie nennt.',
  },
};
