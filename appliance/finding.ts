/** One line of `usher doctor`. */
export interface Finding {
  what: string;
  ok: boolean;
  detail: string;
  /** What would mend it; absent when nothing can or needs to be done. */
  remedy?: string;
  /** Debian package that would mend it. */
  package?: string;
  /** Limit of the kernel (`key=value`) that would mend it. */
  sysctl?: string;
}
