/** A press that counts its strokes. */
export interface Press {
  /** Strokes since the press was made; begins anew after 4,294,967,295. */
  strokes(): Promise<number>;
  close(): Promise<void>;
}
