import type { ComponentChildren } from 'preact';
import { useEffect, useRef } from 'preact/hooks';

interface Props {
  title: string;
  /** While true, Escape does not close it: an answer is on its way. */
  busy?: boolean;
  onClose: () => void;
  children: (close: () => void) => ComponentChildren;
}

/** A native modal dialog: it keeps the focus inside, closes on Escape, and gives the focus back. */
export function Modal({ title, busy = false, onClose, children }: Props) {
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => dialog.current?.showModal(), []);
  return (
    <dialog
      ref={dialog}
      aria-labelledby="dialog-title"
      onClose={onClose}
      onCancel={(event) => {
        if (busy) event.preventDefault();
      }}
    >
      <h2 id="dialog-title">
        <bdi>{title}</bdi>
      </h2>
      {children(() => dialog.current?.close())}
    </dialog>
  );
}
