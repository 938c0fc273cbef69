import { en, type Messages } from './en.ts';

/** The reader's language: its texts, and its BCP 47 tag for dates and numbers. */
export interface Words {
  readonly m: Messages;
  /** Undefined: as the browser is set, which may be finer than the language of the texts (en-GB). */
  readonly locale: string | undefined;
}

export const ENGLISH: Words = { m: en, locale: undefined };
