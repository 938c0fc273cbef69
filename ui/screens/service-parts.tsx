import type { SensorServiceView } from '../../api/core/schemas.ts';
import { useWords } from '../words.tsx';

/** The class that gives a service's card its colour. */
export function toneOf({ isReady, warnings }: SensorServiceView): string {
  if (!isReady) return 'in-attention';
  return warnings.length === 0 ? 'stage-ready' : 'in-claim';
}

/** How a service stands, in a word or two. */
export function ServiceBadge({ service }: { service: SensorServiceView }) {
  const t = useWords().m.screens.services;
  const isWell = service.warnings.length === 0;
  return <span class="badge">{!service.isReady ? t.notReady : isWell ? t.ready : t.partly}</span>;
}
