import { describe, expect, it } from 'vitest';
import { boardOf, plainMacOf } from '../../../lab/core/board.ts';
import {
  checkLabName,
  checkMachineName,
  checkStateDir,
  labPrefix,
  namespaceOf,
  portOf,
} from '../../../lab/core/names.ts';

describe('names', () => {
  it.each(['lab', 'a', 'lab2', 'abcdefghijkl'])('takes the lab name %s', (name) => {
    expect(checkLabName(name)).toBe(name);
  });

  it.each(['', 'Lab', '2lab', 'my-lab', 'abcdefghijklm', 'lab/x', 'lab '])('refuses the lab name %j', (name) => {
    expect(() => checkLabName(name)).toThrow(expect.objectContaining({ code: 'CONFIG_INVALID' }));
  });

  it.each(['pi-1', 'master', 'abcdefghijklm'])(
    'takes the machine name %s, whose port fits an interface name',
    (name) => {
      expect(checkMachineName(name)).toBe(name);
      expect(portOf(name).length).toBeLessThanOrEqual(15);
    },
  );

  it.each(['', 'switch', 'pi-', '-pi', 'pi.1', '../etc', 'abcdefghijklmn'])('refuses the machine name %j', (name) => {
    expect(() => checkMachineName(name)).toThrow(expect.objectContaining({ code: 'CONFIG_INVALID' }));
  });

  it('gives no lab a prefix that fits another lab', () => {
    expect(namespaceOf('lab2', 'pi-1').startsWith(labPrefix('lab'))).toBe(false);
  });

  it.each(['relative', '/a:b', '/a,b', '/a b', '/', '/a/'])('refuses the state folder %j', (path) => {
    expect(() => checkStateDir(path)).toThrow(expect.objectContaining({ code: 'CONFIG_INVALID' }));
  });
});

describe('boards', () => {
  it('is the same board at every start, another one by another name or in another lab', () => {
    expect(boardOf('lab', 'pi-1')).toEqual(boardOf('lab', 'pi-1'));
    const boards = [boardOf('lab', 'pi-1'), boardOf('lab', 'pi-2'), boardOf('two', 'pi-1')];
    expect(new Set(boards.map((board) => board.mac)).size).toBe(3);
    expect(new Set(boards.map((board) => board.serial)).size).toBe(3);
  });

  it.each([
    [undefined, 'dc:a6:32'],
    ['Raspberry Pi 4 Model B Rev 1.4', 'dc:a6:32'],
    ['Raspberry Pi 5 Model B Rev 1.0', '2c:cf:67'],
    ['Raspberry Pi 3 Model B Plus Rev 1.3', 'b8:27:eb'],
    ['Raspberry Pi Compute Module 4 Rev 1.1', 'd8:3a:dd'],
  ])('gives a %s an address of its maker', (model, prefix) => {
    const board = boardOf('lab', 'pi-1', model === undefined ? {} : { model });
    expect(board.mac).toMatch(new RegExp(`^${prefix}(:[0-9a-f]{2}){3}$`));
    expect(board.serial).toMatch(/^10000000[0-9a-f]{8}$/);
  });

  it('keeps what is given', () => {
    const given = { serial: '00000000deadbeef', mac: 'd8:3a:dd:00:00:01' };
    expect(boardOf('lab', 'pi-1', given)).toMatchObject(given);
  });

  it('gives other machines locally administered unicast addresses', () => {
    expect(plainMacOf('lab', 'master')).toMatch(/^02(:[0-9a-f]{2}){5}$/);
    expect(plainMacOf('lab', 'master')).not.toBe(plainMacOf('lab', 'router'));
  });
});
