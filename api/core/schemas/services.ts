import { z } from 'zod';

const timestamp = z.iso.datetime();

const ServiceInstance = z.object({
  node: z.string(),
  /** The unit that the node is in. */
  unit: z.string(),
  state: z.enum(['Active', 'Standby', 'NotRunning']),
  /** Why it does not run, and what to do, in one sentence. */
  why: z.string().optional(),
  reason: z.string().optional(),
});

/** A pair of nodes, or one node alone: in each, one instance is active. */
export const ServiceUnit = z.object({
  name: z.string(),
  /** Who is active; absent when nobody is. */
  active: z.object({ node: z.string(), epoch: z.int(), since: timestamp }).optional(),
  lastHandover: z
    .object({ time: timestamp, from: z.string(), to: z.string(), reason: z.enum(['Expired', 'Released']) })
    .optional(),
  instances: z.array(ServiceInstance),
  problems: z.array(z.string()),
  /** A node that comes before the active one and is ready, with failback Manual: a hint, no problem. */
  handBackTo: z.string().optional(),
  /** What can change hands: who holds it by its record, and who may take it. */
  lease: z
    .object({
      name: z.string(),
      holder: z.string().optional(),
      epoch: z.int(),
      candidates: z.array(z.object({ node: z.string(), isReady: z.boolean() })),
    })
    .optional(),
});
export type ServiceUnit = z.infer<typeof ServiceUnit>;

/** GET /api/v1/services/{namespace}/{name}: a sensor service, where it runs, and why not. */
export const SensorServiceView = z.object({
  namespace: z.string(),
  name: z.string(),
  type: z.enum(['Sensor', 'Actuator']),
  image: z.string(),
  nodeSelector: z.record(z.string(), z.string()),
  isReady: z.boolean(),
  /** Where it is active, or why it is not everywhere. */
  message: z.string(),
  warnings: z.array(z.string()),
  /** Of an actuator: what people find when nobody drives it. */
  safeState: z.string().optional(),
  mode: z.enum(['Lease', 'ActiveActive']),
  onControlPlaneLoss: z.enum(['Safe', 'HoldLast']),
  devices: z.array(z.string()),
  /** The same for programs: in a path, `*` stands for anything but `/`. */
  deviceRules: z.array(
    z.object({
      path: z.string().optional(),
      usb: z.object({ vendor: z.string(), product: z.string(), serial: z.string().optional() }).optional(),
    }),
  ),
  publishes: z.array(z.string()),
  subscribes: z.array(z.string()),
  units: z.array(ServiceUnit),
  /** Nodes that have the labels and are in no unit nevertheless, with why and what to do in one sentence. */
  outside: z.array(z.object({ node: z.string(), why: z.string() })),
});
export type SensorServiceView = z.infer<typeof SensorServiceView>;

/** GET /api/v1/services */
export const SensorServiceList = z.object({ items: z.array(SensorServiceView) });
export type SensorServiceList = z.infer<typeof SensorServiceList>;

/** POST …/units/{unit}/handover: the active node stops and `to` goes on. */
export const HandoverRequest = z.object({ to: z.string().max(253) });
export type HandoverRequest = z.infer<typeof HandoverRequest>;

/**
 * POST …/units/{unit}/takeover: somebody vouches that the silent holder is off, so that `to` may take over although the
 * holder might go on without the control plane (HoldLast).
 */
export const TakeoverRequest = z.object({
  to: z.string().max(253),
  vouched: z.literal(true),
  /** The epoch of the holder that is off, as it was seen: refused when there is another one now. */
  epoch: z.int().optional(),
});
export type TakeoverRequest = z.infer<typeof TakeoverRequest>;
