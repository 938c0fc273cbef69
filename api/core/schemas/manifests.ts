import { z } from 'zod';

// Files of claims: previewed, imported, exported.

/** Largest file, in characters: the claims of a large site. All of it is read in one go, while nothing else is done. */
export const MOST_MANIFEST_CHARACTERS = 1024 * 1024;
/** Most claims in a file, good or bad. */
export const MOST_MANIFEST_ROWS = 3000;

export const ManifestFormat = z.enum(['csv', 'yaml']);
export type ManifestFormat = z.infer<typeof ManifestFormat>;

/** POST /api/v1/claims/preview: a file of claims, to be compared with those that exist. Nothing is changed. */
export const ManifestText = z.object({
  format: ManifestFormat,
  /** The whole file. */
  text: z.string(),
});
export type ManifestText = z.infer<typeof ManifestText>;

/** One row of a CSV file, or one claim of a YAML file. */
export const ManifestRow = z.object({
  /** Where it stands in the file, or where in it the trouble is; both count from 1. */
  line: z.int(),
  column: z.int().optional(),
  /** Name of the claim; empty when the row has none. */
  name: z.string(),
  /** Which device it is for, in words. */
  match: z.string().optional(),
  /**
   * `new`: the claim is made. `changed`: it exists and is changed. `unchanged`: it is as the file says. `conflict`: the
   * row is right, but something stands in its way. `invalid`: the row is wrong.
   */
  outcome: z.enum(['new', 'changed', 'unchanged', 'conflict', 'invalid']),
  /** Field by field what changes; a side that is missing has nothing there. */
  changes: z.array(z.object({ field: z.string(), from: z.string().optional(), to: z.string().optional() })).optional(),
  /** Of a conflict, and of what is invalid. */
  code: z.string().optional(),
  message: z.string().optional(),
  remedy: z.string().optional(),
  /** What somebody should look at though it can be imported, for instance a serial that lost its zeros. */
  notes: z.array(z.string()).optional(),
});
export type ManifestRow = z.infer<typeof ManifestRow>;

export const ManifestCounts = z.object({
  new: z.int(),
  changed: z.int(),
  unchanged: z.int(),
  conflict: z.int(),
  invalid: z.int(),
});
export type ManifestCounts = z.infer<typeof ManifestCounts>;

export const ManifestPreview = z.object({
  /** Of the file and of what it was compared with; the import wants it back. */
  digest: z.string(),
  rows: z.array(ManifestRow),
  counts: ManifestCounts,
});
export type ManifestPreview = z.infer<typeof ManifestPreview>;

/** POST /api/v1/claims/import: the file as it was previewed. */
export const ManifestImport = ManifestText.extend({
  digest: z.string().max(128),
  /** `all`: every row or none. `good`: the rows that can be imported. */
  take: z.enum(['all', 'good']),
});
export type ManifestImport = z.infer<typeof ManifestImport>;

/** How many claims were made, changed, and found as the file says; and the rows that were left out. */
export const ManifestOutcome = z.object({
  created: z.int(),
  changed: z.int(),
  unchanged: z.int(),
  left: z.array(ManifestRow),
});
export type ManifestOutcome = z.infer<typeof ManifestOutcome>;

/** GET /api/v1/claims/export */
export const ExportQuery = z.object({ format: ManifestFormat.optional() });
