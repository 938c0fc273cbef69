/** One error a person or a program can meet: what happened, what to do, and the HTTP status when it crosses an API. */
export interface CatalogueEntry {
  readonly http: number;
  /** `{name}` is replaced by the parameter of that name. */
  readonly message: string;
  readonly remedy: string;
}
