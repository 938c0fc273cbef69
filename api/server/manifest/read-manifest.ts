import { csvRows } from '../../core/manifest/csv-rows.ts';
import type { DraftRow } from '../../core/manifest/draft.ts';
import { byName, exportCsv, exportedClaim } from '../../core/manifest/export-csv.ts';
import { checkFileText } from '../../core/manifest/file-text.ts';
import type { ManifestFormat, ManifestText } from '../../core/schemas/manifests.ts';
import type { DeviceClaim } from '../../../k8s/core/resources.ts';
import { Document } from 'yaml';
import { yamlRows } from './yaml-rows.ts';

/**
 * The rows of a file of claims.
 * @throws UsherError MANIFEST_TOO_LARGE, MANIFEST_MALFORMED, MANIFEST_COLUMN_UNKNOWN
 */
export function readManifest({ format, text }: ManifestText): DraftRow[] {
  checkFileText(text);
  return format === 'csv' ? csvRows(text) : yamlRows(text);
}

/** The claims as a file that {@link readManifest} takes, and that changes nothing. */
export function writeManifest(claims: readonly DeviceClaim[], format: ManifestFormat): string {
  if (format === 'csv') return exportCsv(claims);
  return byName(claims)
    .map(
      (claim) =>
        `---\n${new Document(exportedClaim(claim), { aliasDuplicateObjects: false }).toString({ lineWidth: 0 })}`,
    )
    .join('');
}
