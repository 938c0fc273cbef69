import { findAppliance } from '../../api/client/find-appliance.ts';
import { Http } from '../../api/client/http.ts';
import type { BenchSite } from './bench-site.ts';

/** Requests that change something, as the API server counts them and as the appliance does; since their start. */
export interface WriteFigures {
  /** By Usher's service account. */
  readonly usher: number;
  /** By everybody, heartbeats (Leases) left out. */
  readonly all: number;
}

const WRITES: ReadonlySet<string> = new Set(['POST', 'PUT', 'PATCH', 'APPLY', 'DELETE']);
/** Reads both sides' counters. */
export async function writeFigures({ site, kube }: BenchSite): Promise<WriteFigures> {
  const http = new Http(findAppliance({ tokenFile: site.cliFile, env: {} }), 30_000);
  try {
    let text = '';
    for await (const chunk of await http.open({ method: 'GET', path: '/metrics' })) text += String(chunk);
    const own = samplesOf(text, 'usher_kube_requests_total');
    const server = samplesOf(await kube.getRaw('/metrics'), 'apiserver_request_total');
    const isWrite = ({ labels }: Sample): boolean => WRITES.has((labels.get('verb') ?? '').toUpperCase());
    return {
      usher: sum(own.filter(isWrite)),
      all: sum(server.filter((sample) => isWrite(sample) && sample.labels.get('resource') !== 'leases')),
    };
  } finally {
    http.close();
  }
}

interface Sample {
  readonly labels: ReadonlyMap<string, string>;
  readonly value: number;
}

/** The samples of one metric in the Prometheus text format. */
function samplesOf(text: string, metric: string): Sample[] {
  const lines = text.split('\n').filter((line) => line.startsWith(`${metric}{`));
  return lines.map((line) => {
    const pairs = [...line.matchAll(/(\w+)="([^"]*)"/g)].map(([, name = '', value = '']) => [name, value] as const);
    return { labels: new Map(pairs), value: Number(line.slice(line.lastIndexOf(' ') + 1)) };
  });
}

function sum(samples: readonly Sample[]): number {
  return samples.reduce((total, { value }) => total + value, 0);
}
