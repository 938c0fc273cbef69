import { globSync, readFileSync } from 'node:fs';
import ts from 'typescript';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { CATALOGUE, ERROR_CLASSES, type ErrorCode } from '../../../foundation/error-catalogue.ts';
import { UsherError } from '../../../foundation/errors.ts';
import { GERMAN_BOOK, germanErrors } from '../../../ui/messages/de-server.ts';

const errors = germanErrors();
const placeholders = (text: string): string[] => [...new Set(text.match(/\{\w+\}/g))].sort();

describe('the German of errors', () => {
  const shown = Object.keys(CATALOGUE).filter((code) => !Object.hasOwn(ERROR_CLASSES.lab, code));

  it('is there for every code that the page can show, with the parameters of the English text', () => {
    const wrong = shown.filter((code) => {
      const { english, own } = errors[code] ?? {};
      return (['message', 'remedy'] as const).some(
        (part) =>
          own === undefined ||
          english === undefined ||
          placeholders(own[part]).join() !== placeholders(english[part]).join(),
      );
    });
    expect(wrong).toEqual([]);
  });

  it('is what a reader gets for an error as the API tells it, with its parameters and without its code too', () => {
    for (const code of shown) {
      const { message, remedy } = CATALOGUE[code as ErrorCode];
      const names = placeholders(`${message}${remedy}`).map((name) => name.slice(1, -1));
      const params = Object.fromEntries(names.map((name) => [name, `${name}-7`]));
      const error = new UsherError(code as ErrorCode, params);
      for (const part of ['message', 'remedy'] as const) {
        const expected = errors[code]?.own[part].replaceAll(/\{(\w+)\}/g, '$1-7');
        expect([code, GERMAN_BOOK.tell(error[part], code)]).toEqual([code, expected]);
        if (/^\{\w+\}$/.test(CATALOGUE[code as ErrorCode][part])) continue;
        expect([code, GERMAN_BOOK.tell(error[part])]).not.toEqual([code, undefined]);
      }
    }
  });
});

/** Where sentences are made that the page shows, beside errors. */
const SOURCES = globSync(
  [
    'api/core/**/*.ts',
    'api/server/{error-reply,request-body}.ts',
    'api/server/people/{api-tokens,oidc,passkeys,passwords}.ts',
    'api/server/routes/*.ts',
    'join/controller/rule-binder.ts',
    'join/core/{approval-rule,binding,chart,chart-parts,claim-match,claim-status,device-status}.ts',
    'join/enrol/claim-proofs.ts',
    'join/protocol/{claim-code,health}.ts',
    'k8s/core/labels.ts',
    'k8s/core/sensor-service/{instances,service-status,service-view,watchdog,watchdog-verdict,wording}.ts',
  ],
  // Those describe the API to programs, and print labels.
  { exclude: ['api/core/schemas.ts', 'api/core/schemas', 'api/core/labels'] },
).sort();

/** Parts of sentences, each with what is made of it; and what is not for the page. */
const PARTS: Readonly<Record<string, readonly string[]>> = {
  'p-7: waits for its next hello': ['is to take the place of device p as pi-1: waits for its next hello'],
  'is to take the place of device p-7 as p-7': [],
  'could take the place of p-7: confirm the replacement, or reject this device': [
    'could take the place of device p: confirm the replacement, or reject this device',
    'could take the place of node p: confirm the replacement, or reject this device',
  ],
  'p-7 was first seenp-7': ['aa:bb was first seen', 'aa:bb was first seen on eth0'],
  'on p-7': ['DHCP request, address 10.0.0.7, calls itself pi, vendor class udhcp 1.36 on eth0'],
  'the name p-7': [],
  'Its kubelet certificate stays genuine too, but the API server refuses to make a node with it: p-7 is retired for good.':
    [
      'Its kubelet certificate stays genuine too, but the API server refuses to make a node with it: its name is retired for good.',
      'Its kubelet certificate stays genuine too, but the API server refuses to make a node with it: the name p is retired for good.',
    ],
  'The p-7 that its pods read may be known to whoever holds the board: change what they hold.': [
    'The Secret that its pods read may be known to whoever holds the board: change what they hold.',
    'The 2 Secrets that its pods read may be known to whoever holds the board: change what they hold.',
  ],
  'p-7; similar nodes behind a pair: p-7': ['3 nodes in 1 unit; similar nodes behind a pair: pi-c, pi-d'],
  'tar -C p-7 -czf k3s-server-before-ca.tar.gz server': [],
  'p-7 certificate rotate-ca --help': [],
  'p-7 certificate rotate-ca --data-dir p-7 --path FOLDER_WITH_THE_NEW_CAS': [],
  'usher kubectl delete node NAME': [],
  'label p-7=p-7: p-7': ['label a=b: what stands before the slash must be a DNS name'],
  'taint p-7: p-7': [
    'taint a:NoSchedule: a value has at most 63 letters, digits, -, _ and ., and begins and ends with a letter or digit',
  ],
  'the entries p-7 to p-7 are': ['the entries 3 to 5 are missing'],
  'entry p-7 is': ['entry 3 is missing'],
  'is not written as key[=value]:NoSchedule, :PreferNoSchedule or :NoExecute': [
    'taint x is not written as key[=value]:NoSchedule, :PreferNoSchedule or :NoExecute',
  ],
  'taint p-7 p-7': [],
  'Did you mean p-7?': [
    'Did you mean serial? docs/manifests.md lists the columns; one that nobody is to read can be deleted.',
    'Did you mean labels? kubectl explain deviceclaim.spec lists the fields.',
  ],
  '; did you mean p-7?': ['reclaimPolicy is none of Retain, Release; did you mean Retain?'],
  'is a number as a spreadsheet rounds it: format the column as text, and enter it anew': [
    'serial: 1E+15 is a number as a spreadsheet rounds it: format the column as text, and enter it anew',
  ],
  'is no full device id (26 characters)': ['device: x is no full device id (26 characters)'],
  'does not have 64 hexadecimal digits': ['keyFingerprint: x does not have 64 hexadecimal digits'],
  'is not hexadecimal': ['duid: x is not hexadecimal'],
  'has not 2 to p-7 digits': ['duid: x has not 2 to 256 digits'],
  'has too few digits for a MAC address: a spreadsheet takes leading zeros away, unless the column is text': [
    'mac: 1 has too few digits for a MAC address: a spreadsheet takes leading zeros away, unless the column is text',
  ],
  'is not a MAC address': ['mac: an empty text is not a MAC address'],
  'has not 1 to p-7 characters': ['serial: an empty text has not 1 to 64 characters'],
  'p-7device p-7': ['device x', 'revoked device x'],
  'and p-7 more': ['a, b, c and 2 more'],
  'a p-7 is no canonical JSON': [],
  'Single sign-on': [],
  'new passkey of p-7': [],
  'p-7 for p-7': [],
  'The device was revoked.p-7': [
    'The device was revoked.',
    'The device was revoked. Its node name pi-1 is retired. Whoever holds the board holds a certificate that lists pods and nodes until the CA of the cluster is rotated: usher ca.',
  ],
  'No device with evidence matches p-7 yet.p-7': [
    'No device with evidence matches serial 1000 yet.',
    'No device with evidence matches mac aa:bb yet. Until then device x stays as it is.',
  ],
  'Waits for p-7 to leave node p-7.': ['Waits for 1 pod to leave node pi.', 'Waits for 3 pods to leave node pi.'],
  'a device that has not come yet': [],
  'Claim p-7 gives its place to p-7.': [
    'Claim a gives its place to device b.',
    'Claim a gives its place to a device that has not come yet.',
  ],
  'usher kubectl logs -n p-7 p-7 --previous': [],
  'with code p-7': [
    'its program ends on node pi-a with code 1: usher kubectl logs -n hall x --previous',
    'its program ends on node pi-a: usher kubectl logs -n hall x --previous',
  ],
  'unit p-7: p-7': ['unit left: node pi-a has no /dev/ttyUSB0 and no USB device 0403:6001 (serial A1): plug it in'],
  'no node has p-7: p-7': [
    'no node has machine=lathe, side=left: give a claim these labels',
    'no node has machine=lathe: claim a, claim b have them, and waits for its device to join',
  ],
  'p-7 p-7 them, and waits for its device to join': ['claim a has them, and waits for its device to join'],
  'p-7 p-7 in p-7 p-7': ['1 node in 1 unit', '2 nodes in 1 unit', '4 nodes in 2 units'],
  'updating: p-7 p-7 the old version': [
    'updating: pi-a has the old version',
    'updating: pi-a, pi-b have the old version',
  ],
  'the label key p-7 p-7': [
    'the label key "k8s.io/a" lies under k8s.io, which is reserved',
    'the label key "a b" may have letters, digits, -, _ and . only, with a letter or digit at both ends',
    'the taint key "/" needs a DNS name before its slash',
  ],
  'the value of label p-7 p-7': ['the value of label "a" has more than 63 characters'],
};

/** Every text of three words and more in a source file, made with the parameter `p-7`. */
function textsOf(path: string): string[] {
  const source = ts.createSourceFile(path, readFileSync(path, 'utf8'), ts.ScriptTarget.Latest, true);
  const texts: string[] = [];
  const walk = (node: ts.Node): void => {
    if (ts.isStringLiteral(node) || ts.isNoSubstitutionTemplateLiteral(node)) texts.push(node.text);
    if (ts.isTemplateExpression(node)) {
      texts.push(node.head.text + node.templateSpans.map(({ literal }) => `p-7${literal.text}`).join(''));
    }
    if (!isForNobody(node)) ts.forEachChild(node, walk);
  };
  walk(source);
  return texts.map((text) => text.trim()).filter((text) => /[a-z]{2,},? \S+ \S/i.test(text));
}

/** Not told, or with English left in it. */
function isHalf(told: string | undefined): boolean {
  return told === undefined || /\b(the|is|empty|of|with|and|on|has|not)\b/.test(told);
}

/** The log, and what the drawing of the chart says, are not on the page. */
function isForNobody(node: ts.Node): boolean {
  if (ts.isPropertyAssignment(node)) return node.name.getText() === 'description';
  return ts.isCallExpression(node) && /\blogger\.\w+$/.test(node.expression.getText());
}

describe('the German of what the appliance tells', () => {
  it.each(SOURCES)('has every sentence of %s', (path) => {
    const unknown = textsOf(path).filter((text) => !Object.hasOwn(PARTS, text) && GERMAN_BOOK.tell(text) === undefined);
    expect(unknown).toEqual([]);
  });

  it('has every sentence that is made of parts', () => {
    const sentences = Object.values(PARTS).flat();
    expect(sentences.filter((text) => isHalf(GERMAN_BOOK.tell(text)))).toEqual([]);
  });

  it('has what makes a machine a candidate', () => {
    const { matchers } = parse(readFileSync('discovery/matchers.yaml', 'utf8')) as { matchers: { why: string }[] };
    expect(matchers.filter(({ why }) => GERMAN_BOOK.tell(why) === undefined)).toEqual([]);
  });
});
