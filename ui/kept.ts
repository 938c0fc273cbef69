import { bestLanguage, isLanguage, type Language } from './language.ts';

const KEPT = 'usher.language';

/** The language that was chosen here before, else the browser's. */
export function startLanguage(): Language {
  const kept = readKept(KEPT);
  return kept !== undefined && isLanguage(kept) ? kept : bestLanguage(navigator.languages);
}

export function keepLanguage(language: Language): void {
  keep(KEPT, language);
}

/** What this browser remembers of an earlier visit; undefined where it remembers nothing, or may not. */
export function readKept(key: string): string | undefined {
  try {
    return localStorage.getItem(key) ?? undefined;
  } catch {
    return undefined;
  }
}

/** Remembers a choice of the reader; where the browser does not allow that, it lasts as long as the page. */
export function keep(key: string, value: string): void {
  try {
    localStorage.setItem(key, value);
  } catch {
    return;
  }
}
