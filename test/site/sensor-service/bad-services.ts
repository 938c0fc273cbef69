import { ACTUATOR, type Json, SENSOR } from '../../support/sensor-service/services.ts';

/** A SensorService that the API server has to refuse, with words that say what to write instead. */
interface BadService {
  what: string;
  base: object;
  change: Json;
  name?: string;
  says: string[];
}

const sensor = (what: string, change: Json, ...says: string[]): BadService => ({ what, base: SENSOR, change, says });
const actuator = (what: string, change: Json, ...says: string[]): BadService => ({
  what,
  base: ACTUATOR,
  change,
  says,
});
const image = (text: string): Json => ({ container: { image: text } });
const device = (rule: Json): Json => ({ devices: [{ name: 'bus', ...rule }] });
const publish = (rule: Json): Json => ({ mqtt: { publish: [rule] } });
const subscribe = (filter: string): Json => ({ mqtt: { subscribe: [{ filter }] } });

const PLACEMENT: BadService[] = [
  sensor('no type', { type: null }, 'spec.type', 'Required value'),
  sensor('an unknown type', { type: 'Motor' }, 'supported values: "Sensor", "Actuator"'),
  sensor('no container', { container: null }, 'spec.container', 'Required value'),
  sensor('no nodeSelector', { nodeSelector: null }, 'spec.nodeSelector', 'Required value'),
  { ...sensor('a name with a dot', {}, 'for instance lathe-vibration'), name: 'lathe.left' },
  { ...sensor('a long name', {}, 'at most 52'), name: 'l'.repeat(53) },
  sensor('an empty nodeSelector', { nodeSelector: { machine: null } }, 'machine: lathe', 'every node'),
  sensor('a bad label key', { nodeSelector: { 'ma chine': 'lathe' } }, 'write a label key', 'example.org/machine'),
  sensor('a bad label value', { nodeSelector: { machine: '-lathe' } }, 'write a label value', 'both ends'),
  sensor(
    'a label of Kubernetes',
    { nodeSelector: { 'kubernetes.io/hostname': 'pi-a' } },
    'by labels of their claims (or usher.internal/pair)',
  ),
  sensor('an empty image', image(''), 'for instance usher.internal/lathe:1.2.0'),
  sensor('an image with a blank', image('lathe 1'), 'name the image as its archive does'),
  sensor('an image without version', image('usher.internal/lathe'), 'name the version too'),
  sensor('the latest image', image('usher.internal/lathe:latest'), 'name the version too'),
  sensor('a variable of Usher', { container: { env: [{ name: 'USHER_UNIT', value: 'x' }] } }, 'choose another name'),
  sensor('a bad variable', { container: { env: [{ name: 'BAUD RATE' }] } }, 'for instance BAUD_RATE'),
  sensor(
    'a bad quantity',
    { container: { resources: { limits: { memory: '64 MB' } } } },
    'write a quantity, for instance 250m',
  ),
  sensor(
    'a toleration of any value with a value',
    { tolerations: [{ key: 'a', operator: 'Exists', value: 'b' }] },
    'take value away, or write operator Equal',
  ),
  sensor('a toleration of everything', { tolerations: [{ key: '', operator: 'Exists' }] }, 'name the key of the taint'),
];

const DEVICES: BadService[] = [
  sensor('neither path nor usb', device({}), 'write either path, for instance /dev/i2c-1, or usb'),
  sensor(
    'path and usb',
    device({ path: '/dev/i2c-1', usb: { vendor: '0403', product: '6001' } }),
    'write either path, for instance /dev/i2c-1, or usb',
  ),
  sensor('a path outside /dev', device({ path: '/etc/shadow' }), 'below /dev', 'for instance /dev/ttyUSB0'),
  sensor('a path with ..', device({ path: '/dev/../etc/shadow' }), 'without .., // and wildcards'),
  sensor('a wildcard', device({ path: '/dev/ttyUSB*' }), 'choose it by usb'),
  sensor('something else of /sys', device({ path: '/sys/class/gpio' }), 'Of /sys, 1-Wire sensors can be chosen'),
  sensor('a way out of /sys', device({ path: '/sys/bus/w1/devices/../../../kernel' }), '/sys/bus/w1/devices/28-*'),
  sensor('a 1-Wire master', device({ path: '/sys/bus/w1/devices/w1_bus_master1' }), '/sys/bus/w1/devices/28-*'),
  sensor('every 1-Wire sensor', device({ path: '/sys/bus/w1/devices/*' }), '/sys/bus/w1/devices/28-*'),
  sensor('a file of a 1-Wire sensor', device({ path: '/sys/bus/w1/devices/28-*/temperature' }), 'can be chosen'),
  sensor(
    'a 1-Wire sensor elsewhere',
    device({ path: '/sys/bus/w1/devices/28-*', containerPath: '/dev/temperature' }),
    'under its own path; take containerPath away',
  ),
  sensor('a disk', device({ path: '/dev/mmcblk0p2' }), 'disks, memory and the watchdog'),
  sensor('memory', device({ path: '/dev/mem' }), 'write the path of a sensor'),
  sensor(
    'a path of the container outside /dev',
    device({ path: '/dev/i2c-1', containerPath: '/bin/sh' }),
    'below /dev',
  ),
  sensor('a bad USB id', device({ usb: { vendor: '0x403', product: '6001' } }), 'for instance "0403"'),
  sensor('a bad device name', { devices: [{ name: 'Bus 1', path: '/dev/i2c-1' }] }, 'for instance bus'),
  sensor(
    'one device twice',
    {
      devices: [
        { name: 'a', path: '/dev/i2c-1' },
        { name: 'b', path: '/dev/i2c-1' },
      ],
    },
    'name each path once',
  ),
  sensor(
    'an unknown access',
    device({ path: '/dev/i2c-1', access: 'rw' }),
    'supported values: "ReadWrite", "ReadOnly"',
  ),
];

const TOPICS: BadService[] = [
  sensor('a wildcard to publish', publish({ topic: 'site/{unit}/#' }), 'a message goes to one topic'),
  sensor('a plus to publish', publish({ topic: 'site/+/{unit}' }), 'write it without + and #'),
  sensor('a topic without the unit', publish({ topic: 'site/lathe/vibration' }), 'write {unit} as a level of its own'),
  sensor('the unit within a level', publish({ topic: 'site/x{unit}/vibration' }), 'write {unit} as a level of its own'),
  sensor('a topic of the broker', publish({ topic: '$SYS/{unit}' }), 'begin with another word'),
  sensor('another placeholder', publish({ topic: 'site/{unit}/{node}' }), '{unit} is the only placeholder'),
  sensor('an empty level', publish({ topic: 'site//{unit}' }), 'separate levels by single slashes'),
  sensor('an impossible quality', publish({ topic: 'a/{unit}', qos: 3 }), 'supported values: "0", "1", "2"'),
  sensor('a bad Kafka topic', publish({ topic: 'a/{unit}', leavesSite: { kafkaTopic: 'a/b' } }), 'site.telemetry'),
  sensor('a # in the middle', subscribe('site/#/level'), 'write # only as the last level'),
  sensor('everything', subscribe('#'), 'after another one, for instance site/command/{unit}/#'),
  sensor('a plus within a level', subscribe('site/tank+/level'), 'write + as a level of its own'),
  sensor('to hear the broker', subscribe('$SYS/broker/#'), 'begin with another word'),
];

const FAILOVER: BadService[] = [
  actuator('an actuator without its block', { actuator: null }, 'write there hazard (Low or High) and safeState'),
  sensor('a sensor with it', { actuator: { hazard: 'Low', safeState: 'It is off.' } }, 'write type Actuator, or take'),
  actuator('two nodes at one actuator', { failover: { mode: 'ActiveActive' } }, 'write failover.mode Lease'),
  actuator('an unfenced actuator', { failover: { fencing: 'None' } }, 'write failover.fencing SelfFence, or Watchdog'),
  actuator(
    'a hazard without watchdog',
    { actuator: { hazard: 'High', interlockAcknowledged: true } },
    'write failover.fencing Watchdog',
  ),
  actuator(
    'a hazard without interlock',
    { actuator: { hazard: 'High' }, failover: { fencing: 'Watchdog' } },
    'provide a hardware interlock or fail-safe wiring, then write interlockAcknowledged true',
  ),
  actuator('no safe state', { actuator: { safeState: null } }, 'spec.actuator.safeState', 'Required value'),
  actuator('an empty safe state', { actuator: { safeState: ' ' } }, 'for instance "The valve is closed."'),
  sensor('one duration of three', { failover: { leaseDurationSeconds: 10 } }, 'together, for instance 10, 7 and 2'),
  sensor(
    'a profile and durations',
    { failover: { profile: 'Fast', leaseDurationSeconds: 10, renewDeadlineSeconds: 7, retryPeriodSeconds: 2 } },
    'take profile Fast away, or the three durations',
  ),
  sensor(
    'a lease without margin',
    { failover: { leaseDurationSeconds: 6, renewDeadlineSeconds: 5, retryPeriodSeconds: 1 } },
    'make leaseDurationSeconds longer or renewDeadlineSeconds shorter',
  ),
  sensor(
    'too slow a retry',
    { failover: { leaseDurationSeconds: 12, renewDeadlineSeconds: 8, retryPeriodSeconds: 4 } },
    'make retryPeriodSeconds less than half of renewDeadlineSeconds',
  ),
  actuator(
    'automatic failback of who holds on',
    { failover: { onControlPlaneLoss: 'HoldLast', failback: { policy: 'Auto' } } },
    'write failback.policy Manual',
  ),
  sensor(
    'a takeover where all are active',
    { failover: { mode: 'ActiveActive', takeover: 'SimilarNode' } },
    'write takeover PairOnly, or mode Lease',
  ),
  sensor(
    'retained messages of several',
    { failover: { mode: 'ActiveActive' }, mqtt: { publish: [{ topic: 'a/{unit}', retain: true }] } },
    'write retain false',
  ),
  sensor('an unknown order', { update: { order: 'Rolling' } }, 'supported values: "StandbyFirst", "AllAtOnce"'),
];

export const BAD_SERVICES: readonly BadService[] = [...PLACEMENT, ...DEVICES, ...TOPICS, ...FAILOVER];
