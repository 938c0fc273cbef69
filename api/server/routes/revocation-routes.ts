import { X509Certificate } from 'node:crypto';
import { Router } from 'express';
import { messageOf, UsherError } from '../../../foundation/errors.ts';
import type { KubeClient } from '../../../k8s/client/kube-client.ts';
import { podsOfNode } from '../../../k8s/node-pods.ts';
import { clusterCaView } from '../../core/cluster-ca.ts';
import { findDevice } from '../../core/device-lookup.ts';
import { hadTicket, revocationView } from '../../core/revocation.ts';
import type { ClusterCaView, RevocationView } from '../../core/schemas.ts';
import type { LiveModel } from '../live-model.ts';

/** How k3s is called, and where it keeps its data, on the master. */
export interface K3sPlace {
  k3s: string;
  dataDir: string;
}

/** What revoking takes away, and what it leaves until the CA of the cluster is another one. */
export function revocationRoutes(model: LiveModel, kube: KubeClient, place: K3sPlace): Router {
  const router = Router();
  router.get('/devices/:id/revocation', async (request, response) => {
    const row = findDevice(model.rows(), request.params.id);
    const device = model.index.device(row.id);
    if (device === undefined && model.index.candidate(row.id) === undefined) {
      throw new UsherError('DEVICE_WITHOUT_KEY', { id: row.shortId });
    }
    const nodeName = model.index.sources(row.id)?.node?.metadata.name;
    const view: RevocationView = revocationView({
      device: row.id,
      nodeName,
      pods: nodeName === undefined ? [] : await podsOfNode(kube, nodeName),
      hadTicket: device !== undefined && hadTicket(device),
    });
    response.json(view);
  });
  router.get('/cluster-ca', async (_request, response) => {
    const { notBeforeMs, notAfterMs } = datesOf(await kube.getRaw('/cacerts'));
    const view: ClusterCaView = clusterCaView({ notBeforeMs, notAfterMs, devices: model.index.devices(), ...place });
    response.json(view);
  });
  return router;
}

/** Dates of the first certificate; k3s serves one that signed itself. */
function datesOf(caPem: string): { notBeforeMs: number; notAfterMs: number } {
  try {
    const { validFrom, validTo } = new X509Certificate(caPem);
    return { notBeforeMs: Date.parse(validFrom), notAfterMs: Date.parse(validTo) };
  } catch (error) {
    const detail = `/cacerts of the cluster is no certificate: ${messageOf(error)}`;
    throw new UsherError('KUBE_FAILED', { status: 200, kind: 'path', name: '/cacerts', detail }, { cause: error });
  }
}
