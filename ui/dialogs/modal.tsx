import type { ComponentChildren } from 'preact';
import { useEffect, useId, useRef } from 'preact/hooks';

interface Props {
  title: string;
  /** While true, Escape does not close it: an answer is on its way. */
  busy?: boolean;
  /** The focus begins at the title, so that what stands above the first field is not scrolled away. */
  readFirst?: boolean;
  onClose: () => void;
  children: (close: () => void) => ComponentChildren;
}

/** A native modal dialog: it keeps the focus inside, closes on Escape, and gives the focus back. */
export function Modal({ title, busy = false, readFirst = false, onClose, children }: Props) {
  const dialog = useRef<HTMLDialogElement>(null);
  // Signing in again opens one above another.
  const titleId = useId();
  useEffect(() => dialog.current?.showModal(), []);
  return (
    <dialog
      ref={dialog}
      aria-labelledby={titleId}
      onClose={onClose}
      onCancel={(event) => {
        if (busy) event.preventDefault();
      }}
    >
      <h2 id={titleId} class="dialog-title" tabIndex={-1} autofocus={readFirst}>
        <bdi>{title}</bdi>
      </h2>
      {children(() => dialog.current?.close())}
    </dialog>
  );
}
