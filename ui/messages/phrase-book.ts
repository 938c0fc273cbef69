/**
 * What the appliance says, in another language. Objects, logs and the command line are English, and so is what the API
 * quotes of them: a condition of Kubernetes is a reason and a sentence, and nothing else. So the page takes the English
 * sentence as its key, as gettext does: it finds the template that the sentence was made from, takes the parameters out of
 * it and puts them into the template of its own language. What it does not know stays English (docs/adr/0014).
 */

/**
 * A template of the appliance, and the same in another language. `{name}` is any text; `{name:word}` one without a space,
 * `{name:item}` one part of a list or one side of "on", `{name:known}` one that is itself in the book. In the other
 * language it is `{name}`.
 */
export type Phrase = readonly [english: string, own: string];

/** Message and remedy of an error, in the words of `foundation/error-catalogue.ts`. */
export interface ErrorText {
  readonly message: string;
  readonly remedy: string;
}

type Kind = 'text' | 'word' | 'item' | 'known';
interface Template {
  /** What stands between the parameters; one more than there are of them. */
  readonly literals: readonly string[];
  readonly params: readonly { readonly name: string; readonly kind: Kind }[];
  readonly own: string;
}

const PLACEHOLDER = /\{(\w+)(?::(word|item|known))?\}/g;
const RFC3339 = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z$/;
/** A text of more parts is nobody's sentence. */
const MOST_PARTS = 16;

/** The texts of the appliance in one other language. It keeps nothing between two questions. */
export class PhraseBook {
  readonly #ofCode: ReadonlyMap<string, readonly Template[]>;
  /** Those that begin with a letter of their own, by that; the others under ''. The most telling ones first. */
  readonly #byStart = new Map<string, Template[]>();
  readonly #dates: Intl.DateTimeFormat;

  /**
   * @param language BCP 47, for moments within a text
   * @param errors English and own text of errors by code
   * @param phrases everything else
   */
  constructor(
    language: string,
    errors: Readonly<Record<string, { readonly english: ErrorText; readonly own: ErrorText }>>,
    phrases: readonly Phrase[],
  ) {
    this.#dates = new Intl.DateTimeFormat(language, { dateStyle: 'medium', timeStyle: 'short' });
    this.#ofCode = new Map(
      Object.entries(errors).map(([code, { english, own }]) => [
        code,
        [templateOf([english.message, own.message]), templateOf([english.remedy, own.remedy])],
      ]),
    );
    const all = [...this.#ofCode.values()].flat().concat(phrases.map(templateOf));
    for (const template of all.sort((a, b) => weightOf(b) - weightOf(a))) {
      if (weightOf(template) === 0) continue;
      const start = startOf(template.literals[0] ?? '');
      this.#byStart.set(start, [...(this.#byStart.get(start) ?? []), template]);
    }
  }

  /**
   * @param text what the appliance said
   * @param code the code of the error that it is of, where it is
   * @returns the same in the language of the book; undefined when it is not in it
   */
  tell(text: string, code?: string): string | undefined {
    const own = code === undefined ? undefined : this.#ofCode.get(code);
    return (
      this.#filled(text, own ?? []) ??
      this.#one(text) ??
      this.#joined(text, /(?<=[.!?]) (?=\p{Lu})/u, ' ') ??
      this.#joined(text, /, /, ', ')
    );
  }

  #one(text: string): string | undefined {
    return (
      this.#filled(text, this.#byStart.get(startOf(text)) ?? []) ?? this.#filled(text, this.#byStart.get('') ?? [])
    );
  }

  #filled(text: string, templates: readonly Template[]): string | undefined {
    for (const template of templates) {
      const values = valuesIn(text, template);
      const filled = values === undefined ? undefined : this.#fill(template, values);
      if (filled !== undefined) return filled;
    }
    return undefined;
  }

  #fill({ params, own }: Template, values: readonly string[]): string | undefined {
    const told = new Map<string, string>();
    for (const [at, { name, kind }] of params.entries()) {
      const value = values[at] ?? '';
      const known = this.#value(value);
      if (kind === 'known' && known === undefined) return undefined;
      told.set(name, known ?? value);
    }
    return own.replaceAll(PLACEHOLDER, (whole, name: string) => told.get(name) ?? whole);
  }

  #value(value: string): string | undefined {
    if (RFC3339.test(value)) return this.#dates.format(new Date(value));
    return value.includes(' ') ? this.tell(value) : undefined;
  }

  /** A text of several sentences, or a list: each run of parts that is known together, the longest first. */
  #joined(text: string, separator: RegExp, glue: string): string | undefined {
    const parts = text.split(separator);
    if (parts.length < 2 || parts.length > MOST_PARTS) return undefined;
    const told: string[] = [];
    for (let from = 0; from < parts.length;) {
      let to = parts.length;
      let run: string | undefined;
      while (run === undefined && to > from) {
        run = this.#sentence(parts.slice(from, to).join(glue));
        to -= 1;
      }
      if (run === undefined) return undefined;
      told.push(run);
      from = to + 1;
    }
    return told.join(glue);
  }

  /** The messages of errors have no full stop of their own. */
  #sentence(text: string): string | undefined {
    const told = this.#one(text);
    if (told !== undefined || !text.endsWith('.')) return told;
    const bare = this.#one(text.slice(0, -1));
    return bare === undefined ? undefined : `${bare}.`;
  }
}

/** Takes the parameters out of a text, from the left; undefined when it was not made from the template. */
function valuesIn(text: string, { literals, params }: Template): string[] | undefined {
  const [head = ''] = literals;
  if (params.length === 0) return text === head ? [] : undefined;
  const tail = literals.at(-1) ?? '';
  if (text.length < head.length + tail.length || !text.startsWith(head) || !text.endsWith(tail)) return undefined;
  const end = text.length - tail.length;
  const values: string[] = [];
  let at = head.length;
  for (const literal of literals.slice(1, -1)) {
    const next = text.indexOf(literal, at);
    if (next === -1 || next + literal.length > end) return undefined;
    values.push(text.slice(at, next));
    at = next + literal.length;
  }
  values.push(text.slice(at, end));
  return values.every((value, index) => fits(value, params[index]?.kind)) ? values : undefined;
}

function fits(value: string, kind: Kind = 'text'): boolean {
  if (kind === 'word') return value !== '' && !value.includes(' ');
  return kind !== 'item' || !(value.includes(', ') || value.includes(' on '));
}

function templateOf([english, own]: Phrase): Template {
  const params = [...english.matchAll(PLACEHOLDER)].map(([, name = '', kind]) => ({
    name,
    kind: (kind ?? 'text') as Kind,
  }));
  const literals = english.replaceAll(PLACEHOLDER, '\0').split('\0');
  return { literals, params, own };
}

/** So many characters of a template are its own. */
function weightOf({ literals }: Template): number {
  return literals.join('').length;
}

function startOf(text: string): string {
  return text.slice(0, 1);
}
