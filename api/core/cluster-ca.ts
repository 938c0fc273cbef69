import type { Device } from '../../k8s/core/resources.ts';
import { hadTicket } from './revocation.ts';
import type { ClusterCaView } from './schemas.ts';

export interface ClusterCaFacts {
  notBeforeMs: number;
  notAfterMs: number;
  devices: readonly Device[];
  /** How k3s is called on the master. */
  k3s: string;
  /** The `--data-dir` of k3s on the master. */
  dataDir: string;
}

/** The cluster's CA: since when it is, who still holds a certificate of it and should not, and how to make another one. */
export function clusterCaView(facts: ClusterCaFacts): ClusterCaView {
  const revoked = facts.devices.filter((device) => isOutSince(device, facts.notBeforeMs));
  return {
    notBefore: new Date(facts.notBeforeMs).toISOString(),
    notAfter: new Date(facts.notAfterMs).toISOString(),
    revoked: revoked
      .map(({ metadata, status }) => {
        const nodeName = status?.join?.nodeName ?? status?.nodeRef?.name;
        return { device: metadata.name, ...(nodeName === undefined ? {} : { nodeName }) };
      })
      .sort((a, b) => (a.device < b.device ? -1 : 1)),
    steps: steps(facts),
  };
}

/** A device revoked or replaced before this CA was made holds certificates of an older one, which are worth nothing. */
function isOutSince(device: Device, notBeforeMs: number): boolean {
  const { state, since = '' } = device.status?.join ?? {};
  if ((device.spec.decision !== 'Revoked' && state !== 'replaced') || !hadTicket(device)) return false;
  const sinceMs = Date.parse(since);
  return (state !== 'revoked' && state !== 'replaced') || !Number.isFinite(sinceMs) || sinceMs >= notBeforeMs;
}

/** Steps in order. What depends on the version of k3s, or was never tried, is said to be so. */
function steps({ k3s, dataDir }: ClusterCaFacts): ClusterCaView['steps'] {
  return [
    {
      what: 'Choose a quiet hour, and try it on a copy of the site first: Usher has not tried this rotation itself. Until it is finished no device can join, and no claim is acted on.',
    },
    {
      what: 'Stop Usher and its k3s (Ctrl-C where it runs, or the service), save the server folder of k3s, and start Usher again. Nodes and their pods go on meanwhile. Without this copy there is no way back.',
      command: `tar -C ${dataDir} -czf k3s-server-before-ca.tar.gz server`,
    },
    {
      what: 'Read which files this version of k3s wants for new CAs, and make them in a folder of their own: this differs between versions, and Usher does not know it. See to it that the new CAs do not carry the old ones along: as long as the old CA is in the bundle, certificates of revoked devices stay valid.',
      command: `${k3s} certificate rotate-ca --help`,
    },
    {
      what: 'Give the new CAs to k3s. When it refuses CAs that the old ones have not signed, its help says how to insist: a clean cut is what is wanted here.',
      command: `${k3s} certificate rotate-ca --data-dir ${dataDir} --path FOLDER_WITH_THE_NEW_CAS`,
    },
    {
      what: 'Stop Usher and its k3s once more and start Usher again: from now on every ticket pins the new CA. usher ca must show its new date.',
      command: 'usher ca',
    },
    {
      what: 'Let every node join anew, one after the other. Each still has a token that pins the old CA, so that k3s on it does not connect any more once it starts again; its pods run on until then. When its Node is deleted, the device is told at its next check-in (every two minutes) to clear its old certificates, and joins with a new ticket under its old name and labels: it speaks to Usher under another CA, which does not change. Repeat for each node.',
      command: 'usher kubectl delete node NAME',
    },
    {
      what: 'Fetch copies of the kubeconfig that are elsewhere anew, and change the Secrets that pods on the revoked devices could read.',
    },
  ];
}
