import { Router } from 'express';
import type { Clock } from '../../../foundation/clock.ts';
import { asUsherError, type ErrorBody } from '../../../foundation/errors.ts';
import type { KubeClient } from '../../../k8s/client/kube-client.ts';
import { EVENT, EVENTS_NAMESPACE, type KubeEvent } from '../../../k8s/core/kube-event.ts';
import { DEVICE, DEVICE_CLAIM, NODE } from '../../../k8s/core/resources.ts';
import { findDevice } from '../../core/device-lookup.ts';
import type { RowSources } from '../../core/row-sources.ts';
import { storyOf } from '../../core/story.ts';
import type { LiveModel } from '../live-model.ts';

/** What happened to one device, in order. */
export function storyRoutes(model: LiveModel, kube: KubeClient, clock: Clock): Router {
  const router = Router();
  router.get('/devices/:id/story', async (request, response) => {
    const { id } = findDevice(model.rows(), request.params.id);
    const sources = model.index.sources(id) ?? { id, sightings: [] };
    response.json(storyOf({ ...sources, ...(await eventsAbout(sources, kube)), nowMs: clock.nowMs() }));
  });
  return router;
}

/** All Events about the objects of a row; without Kubernetes the story is told all the same, as far as memory goes. */
async function eventsAbout(
  { device, claim, node }: RowSources,
  kube: KubeClient,
): Promise<{ events: KubeEvent[]; eventsError?: ErrorBody }> {
  const nodeName = node?.metadata.name ?? device?.status?.join?.nodeName;
  const wanted: [kind: string, name: string | undefined][] = [
    [DEVICE.kind, device?.metadata.name],
    [DEVICE_CLAIM.kind, claim?.metadata.name],
    [NODE.kind, nodeName],
  ];
  try {
    const lists = await Promise.all(
      wanted.map(async ([kind, name]) => {
        if (name === undefined) return [];
        const fieldSelector = `regarding.kind=${kind},regarding.name=${name}`;
        return kube.list(EVENT, { namespace: EVENTS_NAMESPACE, fieldSelector });
      }),
    );
    return { events: lists.flat() };
  } catch (error) {
    return { events: [], eventsError: asUsherError(error).toBody() };
  }
}
