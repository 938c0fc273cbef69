import type { DeviceClaim } from '../../../k8s/core/resources.ts';
import { writeLabels, writePair, writeTaints } from './cell-values.ts';
import { EXPORT_COLUMNS } from './csv-columns.ts';
import { csvCell } from './spreadsheet.ts';

/** The claims as a CSV file that import takes and changes nothing by; lines end with CRLF (RFC 4180), no byte order mark. */
export function exportCsv(claims: readonly DeviceClaim[]): string {
  const rows = byName(claims).map((claim) => {
    const cells = cellsOf(claim);
    return EXPORT_COLUMNS.map((column) => csvCell(cells[column])).join(',');
  });
  return [EXPORT_COLUMNS.join(','), ...rows, ''].join('\r\n');
}

/** What export writes of a claim, as `kubectl apply` takes it: all that somebody wants, nothing of what became of it. */
export function exportedClaim({ apiVersion, kind, metadata, spec }: DeviceClaim): object {
  const { match, nodeName, labels, taints, pair, replaces, reclaimPolicy = 'Retain' } = spec;
  return {
    apiVersion,
    kind,
    metadata: { name: metadata.name },
    spec: {
      match,
      ...(nodeName === undefined ? {} : { nodeName }),
      ...(labels === undefined || Object.keys(labels).length === 0 ? {} : { labels }),
      ...(taints === undefined || taints.length === 0 ? {} : { taints }),
      ...(pair === undefined ? {} : { pair }),
      ...(replaces === undefined ? {} : { replaces }),
      reclaimPolicy,
    },
  };
}

export function byName(claims: readonly DeviceClaim[]): DeviceClaim[] {
  return [...claims].sort((a, b) => (a.metadata.name < b.metadata.name ? -1 : 1));
}

function cellsOf({ metadata, spec }: DeviceClaim): Record<(typeof EXPORT_COLUMNS)[number], string> {
  const { match, pair } = spec;
  return {
    name: metadata.name,
    device: match.device ?? '',
    key_fp: match.keyFingerprint ?? '',
    serial: match.serial ?? '',
    mac: match.mac ?? '',
    duid: match.duid ?? '',
    node_name: spec.nodeName ?? '',
    labels: writeLabels(spec.labels ?? {}),
    taints: writeTaints(spec.taints ?? []),
    pair: pair === undefined ? '' : writePair(pair),
    replaces: spec.replaces ?? '',
    reclaim_policy: spec.reclaimPolicy ?? 'Retain',
  };
}
