import type { SensorService, SensorServiceSpec } from '../../../k8s/core/sensor-service/sensor-service.ts';

export const NAMESPACE = 'usher-services';

export type Json = Record<string, unknown>;

/** What a sensor needs at the least. */
export const SENSOR: SensorServiceSpec = {
  type: 'Sensor',
  container: { image: 'usher.internal/lathe:1.2.0' },
  nodeSelector: { machine: 'lathe' },
};

/** A sensor with everything that there is to say. */
export const FULL_SENSOR: SensorServiceSpec = {
  ...SENSOR,
  container: {
    image: 'usher.internal/lathe:1.2.0',
    command: ['/usr/bin/node'],
    args: ['main.js'],
    env: [{ name: 'BAUD_RATE', value: '19200' }],
    resources: { limits: { cpu: '250m', memory: '128Mi' } },
  },
  tolerations: [{ key: 'dedicated', value: 'lathe', effect: 'NoSchedule' }],
  devices: [
    { name: 'bus', path: '/dev/ttyUSB0' },
    { name: 'probe', usb: { vendor: '0403', product: '6001', serial: 'A50285BI' }, sharing: 'Shared' },
  ],
  mqtt: {
    publish: [{ topic: 'site/telemetry/{unit}/vibration', leavesSite: { kafkaTopic: 'site.telemetry' } }],
    subscribe: [{ filter: 'site/command/{unit}/#' }, { filter: 'site/+/level', qos: 0 }],
  },
  failover: { leaseDurationSeconds: 10, renewDeadlineSeconds: 7, retryPeriodSeconds: 2 },
};

export const ACTUATOR: SensorServiceSpec = {
  type: 'Actuator',
  container: { image: 'usher.internal/valve:0.1.0' },
  nodeSelector: { machine: 'valve' },
  actuator: { hazard: 'Low', safeState: 'The valve is closed.' },
};

/** `spec` with `change` merged in (RFC 7396), so that null takes a field away. */
export function serviceOf(name: string, spec: object = SENSOR, change: Json = {}): SensorService {
  const service = {
    apiVersion: 'usher.internal/v1alpha1',
    kind: 'SensorService',
    metadata: { name, namespace: NAMESPACE },
    spec: merged(spec, change),
  };
  return service as unknown as SensorService;
}

function merged(base: unknown, change: unknown): unknown {
  if (!isMap(change)) return change;
  const known = isMap(base) ? base : {};
  const changes = Object.entries(change).map(([key, value]) => [key, merged(known[key], value)] as const);
  const all = Object.entries({ ...known, ...Object.fromEntries(changes) });
  return Object.fromEntries(all.filter(([, value]) => value !== null));
}

function isMap(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
