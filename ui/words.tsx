import { createContext, Fragment, type ComponentChildren } from 'preact';
import { useContext } from 'preact/hooks';
import { ENGLISH, type Words } from './messages/words.ts';

const WordsContext = createContext<Words>(ENGLISH);

export const WordsProvider = WordsContext.Provider;

export function useWords(): Words {
  return useContext(WordsContext);
}

/** A text of the messages with parts of a component in the place of `{name}`; a part without a place is left out. */
export function rich(text: string, parts: Readonly<Record<string, ComponentChildren>>): ComponentChildren {
  return text.split(/(\{[a-zA-Z]+\})/).map((piece, at) => {
    const name = /^\{([a-zA-Z]+)\}$/.exec(piece)?.[1];
    return <Fragment key={at}>{name === undefined || !(name in parts) ? piece : parts[name]}</Fragment>;
  });
}
