import { useWords } from '../words.tsx';

interface Props {
  /** A sentence of the appliance, in English. */
  text: string;
  /** The code of the error that it is of. */
  code?: string | undefined;
}

/** What the appliance said, in the reader's language, or as it is where that has no words for it; a text of its own either way. */
export function Said({ text, code }: Props) {
  const { m } = useWords();
  const own = m.server(text, code);
  return own === undefined ? <bdi lang="en">{text}</bdi> : <bdi>{own}</bdi>;
}
