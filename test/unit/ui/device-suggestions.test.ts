import { describe, expect, it } from 'vitest';
import { planService } from '../../../k8s/core/sensor-service/planner.ts';
import type { DeviceRule } from '../../../k8s/core/sensor-service/sensor-service.ts';
import { serviceView } from '../../../k8s/core/sensor-service/service-view.ts';
import { deviceName } from '../../../ui/device-file-words.ts';
import { type KnownSite, suggestionsByDevices, withLabels } from '../../../ui/device-suggestions.ts';
import { de } from '../../../ui/messages/de.ts';
import { en } from '../../../ui/messages/en.ts';
import { worldOf } from '../../support/sensor-service/service-world.ts';
import { SENSOR, serviceOf } from '../../support/sensor-service/services.ts';

const FTDI = { path: '/dev/ttyUSB0', usb: { vendor: '0403', product: '6001', serial: 'A1', name: 'FTDI FT232R' } };
const CH340 = { path: '/dev/ttyUSB1', usb: { vendor: '1a86', product: '7523' } };
const BUS = { path: '/dev/i2c-1' };
const THERMOMETER = { path: '/sys/bus/w1/devices/28-0316a2795bff' };
const board = (...devices: { path: string }[]) => ({ id: 'new', devices });

const EMPTY: KnownSite = { devices: [], claims: [], services: [] };
const VIBRATION: KnownSite['services'][number] = {
  ...{ namespace: 'hall', name: 'lathe-vibration', nodeSelector: { machine: 'lathe' } },
  deviceRules: [{ usb: { vendor: '0403', product: '6001' } }],
};
const LEVEL: KnownSite['services'][number] = {
  ...{ namespace: 'hall', name: 'level', nodeSelector: { machine: 'tank', zone: 'a' } },
  deviceRules: [{ path: '/dev/i2c-*' }],
};
const HEAT: KnownSite['services'][number] = {
  ...{ namespace: 'hall', name: 'heat', nodeSelector: { machine: 'oven' } },
  deviceRules: [{ path: '/sys/bus/w1/devices/28-*' }],
};

function known(name: string, labels: Record<string, string>, ...devices: { path: string }[]) {
  return { device: { id: name, devices }, claim: { name, nodeName: name, labels, device: name } };
}

function siteOf(...all: ReturnType<typeof known>[]): KnownSite {
  return { ...EMPTY, devices: all.map(({ device }) => device), claims: all.map(({ claim }) => claim) };
}

const siteWith = ({ nodeSelector, deviceRules, ...view }: ReturnType<typeof serviceView>): KnownSite => ({
  ...EMPTY,
  services: [{ ...view, nodeSelector: { ...nodeSelector }, deviceRules: [...deviceRules] }],
});

const short = (suggestions: ReturnType<typeof suggestionsByDevices>): string[] =>
  suggestions.map(({ labels, file, service }) =>
    [labels.map(({ key, value }) => `${key}=${value}`).join(','), file.path, service ?? 'others'].join(' '),
  );

describe('labels by what is plugged in', () => {
  const services = [LEVEL, VIBRATION, HEAT];
  it.each<[string, { path: string }[], string[]]>([
    ['a service wants its USB device', [FTDI], ['machine=lathe /dev/ttyUSB0 hall/lathe-vibration']],
    ['a service wants its path', [BUS], ['machine=tank,zone=a /dev/i2c-1 hall/level']],
    ['a service wants 1-Wire sensors of its family', [THERMOMETER], [`machine=oven ${THERMOMETER.path} hall/heat`]],
    ['its 1-Wire sensor is of another family', [{ path: '/sys/bus/w1/devices/10-000801b5a7a4' }], []],
    [
      'both: the USB device says more, and comes first',
      [BUS, FTDI],
      ['machine=lathe /dev/ttyUSB0 hall/lathe-vibration', 'machine=tank,zone=a /dev/i2c-1 hall/level'],
    ],
    ['nobody wants it', [CH340, { path: '/dev/i2c' }], []],
    ['nothing is plugged in', [], []],
  ])('%s', (_what, devices, expected) => {
    expect(short(suggestionsByDevices(board(...devices), '', { ...EMPTY, services }))).toEqual(expected);
  });

  it('are not those of a service that wants another piece, or more than the board has', () => {
    const another = { ...VIBRATION, deviceRules: [{ usb: { vendor: '0403', product: '6001', serial: 'B2' } }] };
    const both = { ...VIBRATION, deviceRules: [...VIBRATION.deviceRules, ...LEVEL.deviceRules] };
    const none = { ...VIBRATION, deviceRules: [] };
    const site = { ...EMPTY, services: [another, both, none] };
    expect(suggestionsByDevices(board(FTDI), '', site)).toEqual([]);
    expect(short(suggestionsByDevices(board(BUS, FTDI), '', site))).toEqual([
      'machine=lathe /dev/ttyUSB0 hall/lathe-vibration',
    ]);
  });

  it('are those of claimed boards with the same USB product, whatever its serial; values follow the new name', () => {
    const other = { ...FTDI, usb: { ...FTDI.usb, serial: 'Z9' } };
    const site = siteOf(
      known('lathe-1', { machine: 'lathe', location: 'lathe-1' }, other),
      known('lathe-2', { machine: 'lathe', location: 'lathe-2' }, BUS, FTDI),
      known('tank-1', { machine: 'tank' }, BUS),
    );
    expect(short(suggestionsByDevices(board(BUS, FTDI), 'lathe-3', site))).toEqual([
      'machine=lathe,location=lathe-3 /dev/ttyUSB0 others',
    ]);
    expect(short(suggestionsByDevices(board(FTDI), '', site))).toEqual(['machine=lathe /dev/ttyUSB0 others']);
    expect(suggestionsByDevices(board(CH340), 'lathe-3', site)).toEqual([]);
  });

  it('are no echo of the board itself, and the same ones are offered once', () => {
    const own = { ...siteOf(known('new', { machine: 'press' }, FTDI)), services: [] };
    expect(suggestionsByDevices(board(FTDI), '', own)).toEqual([]);
    const site = { ...siteOf(known('lathe-1', { machine: 'lathe' }, FTDI)), services: [VIBRATION] };
    expect(short(suggestionsByDevices(board(FTDI), '', site))).toEqual([
      'machine=lathe /dev/ttyUSB0 hall/lathe-vibration',
    ]);
  });

  it('take what a service wants from its view, which has the rules alone', () => {
    const usb = { vendor: '0403', product: '6001' };
    const rules: DeviceRule[] = [
      { name: 'line', usb, sharing: 'Shared' },
      { name: 'bus', path: '/dev/i2c-1' },
    ];
    const made = serviceOf('vibration', SENSOR);
    const service = { ...made, spec: { ...made.spec, devices: rules } };
    const world = worldOf({ service });
    const view = serviceView(world, planService(world));
    expect(view.deviceRules).toEqual([{ usb }, { path: '/dev/i2c-1' }]);
    const [suggestion] = suggestionsByDevices(board(BUS, FTDI), '', siteWith(view));
    expect(suggestion).toMatchObject({ file: FTDI, service: `${view.namespace}/${view.name}` });
  });

  it('are at most four', () => {
    const services = Array.from({ length: 9 }, (_, n) => ({ ...LEVEL, nodeSelector: { zone: String(n) } }));
    expect(suggestionsByDevices(board(BUS), '', { ...EMPTY, services })).toHaveLength(4);
  });
});

describe('labels that are taken', () => {
  it('fill empty rows, overwrite their own key and leave the others', () => {
    const rows = [
      { key: 'machine', value: 'mill' },
      { key: '', value: '' },
      { key: 'note', value: 'x' },
    ];
    const taken = [
      { key: 'machine', value: 'lathe' },
      { key: 'zone', value: 'a' },
    ];
    expect(withLabels(rows, taken)).toEqual([taken[0], { key: 'note', value: 'x' }, taken[1]]);
  });
});

describe('a device file in words', () => {
  it.each([
    [FTDI, 'Serial adapter 0403:6001', 'Serieller Adapter 0403:6001'],
    [{ path: '/dev/hidraw0', usb: { vendor: '04d9', product: 'a052' } }, 'USB device 04d9:a052', 'USB-Gerät 04d9:a052'],
    [BUS, 'I²C bus', 'I²C-Bus'],
    [{ path: '/sys/bus/w1/devices/28-0316a2795dff' }, '1-Wire sensor', '1-Wire-Sensor'],
    [{ path: '/dev/strange' }, 'Device', 'Gerät'],
  ])('%j', (file, english, german) => {
    expect(deviceName(file, en)).toBe(english);
    expect(deviceName(file, de)).toBe(german);
  });

  it('has the name that its maker gave it where there is room', () => {
    expect(deviceName(FTDI, en, true)).toBe('Serial adapter FTDI FT232R 0403:6001');
  });
});
