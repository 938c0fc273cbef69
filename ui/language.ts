import { en, type Messages } from './messages/en.ts';

/** Every language that the page has; all but English are loaded when they are wanted. */
export const LANGUAGES = {
  en: { name: 'English', load: () => Promise.resolve(en) },
  de: { name: 'Deutsch', load: async () => (await import('./messages/de.ts')).de },
} as const satisfies Record<string, { name: string; load: () => Promise<Messages> }>;
export type Language = keyof typeof LANGUAGES;

/** The first language of `wanted` (BCP 47 tags, best first) that the page has, else English. */
export function bestLanguage(wanted: readonly string[]): Language {
  for (const tag of wanted) {
    const [primary = ''] = tag.toLowerCase().split('-');
    if (isLanguage(primary)) return primary;
  }
  return 'en';
}

/** Whether the page has a language of that name. */
export function isLanguage(text: string): text is Language {
  return Object.hasOwn(LANGUAGES, text);
}
