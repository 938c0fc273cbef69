import type { ComponentChildren } from 'preact';
import { useEffect, useRef } from 'preact/hooks';

interface Props {
  title: string;
  hint?: string;
  children: ComponentChildren;
}

/** A screen beside the site: its title, what it is for, and its parts. */
export function Screen({ title, hint, children }: Props) {
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => heading.current?.focus({ preventScroll: true }), []);
  return (
    <section class="screen" aria-labelledby="screen-title">
      <h2 id="screen-title" tabIndex={-1} ref={heading}>
        {title}
      </h2>
      {hint !== undefined && <p class="hint">{hint}</p>}
      {children}
    </section>
  );
}

interface PanelProps {
  id: string;
  title: string;
  hint?: string;
  children: ComponentChildren;
}

/** A part of a screen with a heading of its own. */
export function Panel({ id, title, hint, children }: PanelProps) {
  return (
    <section class="panel" aria-labelledby={id}>
      <h3 id={id}>{title}</h3>
      {hint !== undefined && <p class="hint">{hint}</p>}
      {children}
    </section>
  );
}
