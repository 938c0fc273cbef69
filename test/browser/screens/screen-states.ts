import { UsherError } from '../../../foundation/errors.ts';
import { idOf, putClaim } from '../support/sample-site.ts';
import { answerCode, CODE, CODED } from './filled-site.ts';
import { fill, goTo, inTurn, press, pressThere, see, type Reach, type States } from './reach.ts';

const typeCode = (id: string): Reach =>
  inTurn(goTo('/c'), async ({ page }) => {
    await page.locator('#claim-code').fill(`Q${id.slice(0, 6)}-${CODE}`);
    await page.getByRole('button', { name: 'Use this code' }).click();
  });
/** No code is taken twice. */
const codeOf = (id: string): string => `${CODE.slice(0, 10)}${id.slice(0, 6)}`.toLowerCase();
const entered = (id: string): Reach =>
  inTurn(goTo(`/c#1.${id}.${codeOf(id)}`), press('Use this code'), see('Waits for the board'));

/** The camera, a code that was scanned or typed, and boards scanned into rows. */
export const SCAN: States = {
  scan: goTo('/c'),
  'scan-no-camera': inTurn(goTo('/c'), press('Use the camera'), see('gives no camera')),
  'scan-link': goTo(`/c#1.${CODED.waiting}.${CODE.toLowerCase()}`),
  'scan-link-of-a-label': goTo(`/c#1..${CODE}`),
  'scan-wrong': inTurn(typeCode(idOf(77)), ({ page }) => page.getByRole('alert').waitFor()),
  'scan-waiting': entered(CODED.waiting),
  'scan-proven': inTurn(
    entered(CODED.proven),
    ({ site }) => answerCode(site, CODED.proven),
    see('has proved its code'),
  ),
  'scan-refused': inTurn(entered(CODED.refused), ({ site }) => answerCode(site, CODED.refused), see('is not that of')),
  'scan-boards': inTurn(goTo('/c'), press('Scan boards for an import')),
};

/** One row for each outcome, and what is left of a file when only those that are good are taken. */
const FILE = [
  'name,serial,labels',
  'lathe-7,10000000abcdef01,machine=lathe;location=hall-4',
  'lathe-8,10000000abcdef02,machine=lathe;location=hall-4',
  'oven-1,10000000aaaabbbb,machine=oven;location=hall-3',
  'mill-7,10000000abcdef03,machine=mill',
  'Not A Name,10000000abcdef04,',
  'lathe-9,10000000abcdef01,machine=lathe',
  'lathe-10,,',
].join('\n');
const GOOD = FILE.split('\n').slice(0, 3).join('\n');

const preview = (text: string): Reach =>
  inTurn(goTo('/import'), async ({ page, site }) => {
    await putUnchanged(site.api);
    await page.locator('#import-text').fill(text);
    await page.getByRole('button', { name: 'Preview' }).click();
    await page.getByRole('table').or(page.getByRole('alert')).first().waitFor();
  });

/** A claim that the file gives as it is. */
async function putUnchanged(api: Parameters<typeof putClaim>[0]): Promise<void> {
  const spec = { match: { serial: '10000000abcdef03' }, labels: { machine: 'mill' } } as const;
  // It is there since the first picture.
  await putClaim(api, 'mill-7', spec).catch(() => undefined);
}

/** What the appliance answers when a write in the middle of an import fails; the fakes never fail there. */
const undone: Reach = async ({ page }) => {
  const path = '**/api/v1/claims/import';
  await page.route(path, (route) => {
    const error = {
      code: 'MANIFEST_UNDONE',
      message: 'Line 3 (lathe-8) failed: Kubernetes does not answer. What was written before it (1) is as it was again',
      remedy: 'Import the file again; if it fails once more, the message names what stands in the way.',
    };
    return route.fulfill({ status: 409, json: { error } });
  });
  await page.getByRole('button', { name: /^Import all/ }).click();
  await page.getByRole('alert').waitFor();
  await page.unroute(path);
};

export const IMPORT: States = {
  import: goTo('/import'),
  'import-preview': preview(FILE),
  'import-preview-problems': inTurn(preview(FILE), ({ page }) => page.getByLabel(/rows with a problem/).check()),
  'import-preview-good': preview(GOOD),
  'import-preview-nothing-new': preview('name,serial,labels\nmill-7,10000000abcdef03,machine=mill'),
  'import-unreadable': preview('who,what\nlathe-7,lathe'),
  'import-undone': inTurn(preview(GOOD), undone),
};

/** It makes claims: after all that shows the site. */
export const IMPORT_DONE: States = {
  'import-done': inTurn(preview(FILE), press(/^Import the .* good/), see('Import another list')),
};

const newRule: Reach = async ({ page }) => {
  await page.locator('#rule-name').fill('greenhouse');
  await page.locator('#rule-nameTemplate').fill('gh-{n:2}');
  await page.locator('#rule-labels').fill('zone=a, rack=r{n}');
};

/** The page asks who it is before the word counts; the fakes' sign-ins never grow old. */
const vouchTooLate: Reach = async ({ page }) => {
  const path = '**/takeover';
  const error = new UsherError('FRESH_SIGN_IN_NEEDED', { minutes: 10 }).toBody();
  await page.route(path, (route) => route.fulfill({ status: 403, json: { error } }));
  await page.getByRole('dialog').getByRole('checkbox').check();
  await page.getByRole('dialog').locator('button[type=submit]').click();
  await page.getByRole('dialog', { name: 'Sign in again' }).waitFor();
  await page.unroute(path);
};

export const REST: States = {
  rules: goTo('/rules'),
  'rules-tried-out': inTurn(goTo('/rules'), newRule, async ({ page }) => {
    await page.locator('#new-rule-title ~ form button[value=try]').click();
    await page.locator('#planned-title').waitFor();
  }),
  'rules-refused': inTurn(goTo('/rules'), newRule, fill('Names of the nodes', 'gh'), async ({ page }) => {
    await page.getByRole('button', { name: 'Make the rule' }).click();
    await page.getByRole('alert').waitFor();
  }),
  services: goTo('/services'),
  service: goTo('/services/hall/vibration'),
  'service-unknown': goTo('/services/hall/unknown'),
  'service-running': goTo('/services/hall/temperature'),
  'service-taken-over': goTo('/services/hall/spindle'),
  'service-hand-back': goTo('/services/hall/noise'),
  'service-no-node': goTo('/services/hall/heat'),
  'service-awaits-device': goTo('/services/greenhouse/humidity'),
  'service-image-missing': goTo('/services/hall/lathe-speed'),
  'service-handover': inTurn(goTo('/services/hall/vibration'), press(/^Hand over to/)),
  'service-handover-asked': inTurn(
    goTo('/services/hall/vibration'),
    press(/^Hand over to/),
    pressThere('Hand over'),
    see('was asked to take it'),
  ),
  'service-held-last': goTo('/services/hall/valve'),
  'service-takeover': inTurn(goTo('/services/hall/valve'), press('Take over…')),
  'service-takeover-unvouched': inTurn(goTo('/services/hall/valve'), press('Take over…'), ({ page }) =>
    page.getByRole('dialog').locator('button[type=submit]').click(),
  ),
  'service-takeover-sign-in': inTurn(goTo('/services/hall/valve'), press('Take over…'), vouchTooLate),
  labels: goTo('/labels'),
  'labels-made': inTurn(goTo('/labels'), async ({ page }) => {
    await page.getByLabel('press-1').check();
    await page.getByRole('button', { name: 'Make one label' }).click();
    await page.getByRole('link', { name: 'Save the sheet' }).waitFor();
  }),
  people: goTo('/people'),
  'people-sure': inTurn(goTo('/people'), press('Remove vera')),
  'people-refused': inTurn(goTo('/people'), async ({ page }) => {
    await page.locator('#new-name').fill('dora');
    await page.locator('#new-password').fill('anna-anna-anna');
    await page.locator('#new-name').fill('anna');
    await page.getByRole('button', { name: 'Add the user' }).click();
    await page.getByRole('alert').waitFor();
  }),
  'people-token-made': inTurn(goTo('/people'), async ({ page }) => {
    await page.locator('#token-note').fill('backup');
    await page.locator('#token-note').press('Enter');
    await page.locator('#tokens-title ~ .note.good').waitFor();
  }),
  audit: goTo('/audit'),
  'audit-verified': inTurn(goTo('/audit'), async ({ page }) => {
    await page.getByRole('button', { name: /^Check/ }).click();
    await page.locator('.screen > .note').first().waitFor();
  }),
  'audit-nothing': inTurn(goTo('/audit'), async ({ page }) => {
    await page.locator('#audit-actor').fill('nobody');
    await page.locator('.screen button[type=submit]').click();
    await page.waitForLoadState('networkidle');
  }),
  settings: goTo('/settings'),
  trust: goTo('/trust'),
};
