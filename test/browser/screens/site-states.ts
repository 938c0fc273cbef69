import { idOf, macOf } from '../support/sample-site.ts';
import { CODED, QUARANTINED, READY, REPLACED } from './filled-site.ts';
import { fill, goTo, inTurn, press, pressThere, see, type Reach, type States } from './reach.ts';

const device = (id: string): Reach => goTo(`/device/${encodeURIComponent(id)}`);
const dialogOf = (n: number, button: string | RegExp): Reach => inTurn(device(idOf(n)), press(button));
const show =
  (layout: 'Cards' | 'List'): Reach =>
  async (place) => {
    await goTo('/')(place);
    await press(layout)(place);
    // On a phone the tools above it fill the screen.
    const { width } = place.look;
    if (layout === 'List' && width < 640) await place.page.locator('.rows').evaluate((list) => list.scrollIntoView());
  };
const selectFour: Reach = async (place) => {
  await show('List')(place);
  const ticks = place.page.getByLabel(/^Select (?!all)/);
  for (const name of [/usher-123757/, /usher-282137/]) {
    await place.page.getByRole('row', { name }).getByRole('checkbox').check();
  }
  await ticks.first().waitFor();
};

/** The site as cards, as a list and as a picture. */
export const SITE: States = {
  'site-cards': show('Cards'),
  'site-cards-details': inTurn(show('Cards'), ({ page }) =>
    page.getByRole('listitem', { name: 'tank-1' }).getByRole('button', { name: 'Details' }).click(),
  ),
  'site-cards-aside': inTurn(show('Cards'), ({ page }) => page.locator('#aside summary').click()),
  'site-cards-nothing-fits': inTurn(show('Cards'), ({ page }) => page.getByRole('searchbox').fill('gearbox')),
  'site-list': show('List'),
  'site-list-selected': selectFour,
  'site-list-sorted': inTurn(show('List'), press(/^Name/)),
  'site-list-filtered': inTurn(show('List'), press(/Ready/), ({ page }) =>
    page.getByLabel('Label', { exact: true }).selectOption({ index: 1 }),
  ),
  'site-picture': inTurn(show('Cards'), async ({ page }) => {
    const picture = page.locator('details.picture-part');
    if ((await picture.getAttribute('open')) === null) await picture.locator('summary').click();
    await picture.scrollIntoViewIfNeeded();
  }),
  'site-picture-by-label': inTurn(show('Cards'), async ({ page }) => {
    const picture = page.locator('details.picture-part');
    if ((await picture.getAttribute('open')) === null) await picture.locator('summary').click();
    await picture.getByRole('combobox').selectOption('location');
    await picture.scrollIntoViewIfNeeded();
  }),
  'keys-help': inTurn(show('List'), ({ page }) => page.keyboard.press('?')),
};

/** A device's own page, in every stage. */
export const DEVICE: States = {
  'device-seen': device(`mac:${macOf(1)}`),
  'device-no-evidence': device(idOf(4)),
  'device-code-awaited': device(CODED.waiting),
  'device-pending': device(idOf(3)),
  'device-approved': device(idOf(5)),
  'device-joining': device(idOf(6)),
  'device-ready': device(READY),
  'device-not-ready': device(idOf(15)),
  'device-failed': device(idOf(7)),
  'device-quarantined': device(QUARANTINED),
  'device-newcomer': device(idOf(20)),
  'device-rejected': device(idOf(9)),
  'device-ignored': device(idOf(10)),
  'device-revoked': device(idOf(11)),
  'device-replaced': device(REPLACED),
  'device-unknown': device('nobody'),
};

/** Every dialog. */
export const DIALOGS: States = {
  claim: dialogOf(3, 'Claim…'),
  'claim-suggested': inTurn(dialogOf(3, 'Claim…'), pressThere('press-4')),
  'claim-wrong': inTurn(
    dialogOf(3, 'Claim…'),
    fill('Name of the node', 'Not A Name'),
    fill('Key of label 1', 'not a key'),
  ),
  'claim-pair': inTurn(dialogOf(3, 'Claim…'), async ({ page }) => {
    await page.getByText('One of a pair…').click();
    await page.locator('#pair-role').selectOption('Backup');
    await page.locator('#pair-name').fill('presses');
  }),
  'claim-ahead': inTurn(device(`mac:${macOf(1)}`), press(/^Claim/)),
  'claim-refused': inTurn(dialogOf(3, 'Claim…'), fill('Name of the node', 'press-1'), pressThere('Claim'), ({ page }) =>
    page.getByRole('dialog').getByRole('alert').waitFor(),
  ),
  'claim-many': inTurn(selectFour, press(/^Claim \d/)),
  'claim-many-wrong': inTurn(selectFour, press(/^Claim \d/), fill('Pattern of the names', 'Not {x}')),
  edit: dialogOf(12, 'Edit claim…'),
  'edit-pair': inTurn(device(READY), press('Edit claim…')),
  identify: inTurn(dialogOf(3, 'Identify'), ({ page }) => page.locator('.big-words').waitFor()),
  'identify-refused': inTurn(dialogOf(3, 'Identify'), ({ page }) =>
    page.getByRole('dialog').getByRole('alert').waitFor(),
  ),
  unclaim: dialogOf(12, 'Unclaim…'),
  'unclaim-release': inTurn(dialogOf(12, 'Unclaim…'), async ({ page }) => {
    await page.getByRole('radio').last().check();
    await page.getByRole('dialog').getByText('spindle-reader').waitFor();
  }),
  'unclaim-waiting': inTurn(show('Cards'), press('Remove claim…')),
  replace: inTurn(device(idOf(20)), press(/^Take its place/)),
  'replace-choice': inTurn(device(idOf(15)), press('Replace by another board…'), ({ page }) =>
    page.getByRole('radio').first().check(),
  ),
  revoke: inTurn(dialogOf(12, 'Revoke…'), see('lathes/spindle-reader')),
  'revoke-wrong-name': inTurn(dialogOf(12, 'Revoke…'), see('lathes/spindle-reader'), async ({ page }) => {
    await page.locator('#revoke-name').fill('press');
    await page.keyboard.press('Enter');
  }),
  reject: dialogOf(3, 'Reject…'),
  'bring-back': inTurn(device(REPLACED), press(/^Bring/)),
  'retry-quarantined': inTurn(device(QUARANTINED), press('Retry…')),
  'cluster-ca': inTurn(device(idOf(11)), press('Rotate the CA…'), see('This CA is valid')),
  'new-card': inTurn(goTo('/'), press('New card…')),
  'new-card-made': inTurn(
    goTo('/'),
    press('New card…'),
    fill(/What is it for/, 'spare for the lathes'),
    async ({ page }) => {
      await page.getByRole('button', { name: 'Make the card file' }).click();
      await page.getByRole('link', { name: 'Save usher.json' }).waitFor();
    },
  ),
};

/** What changes the site for the states after it. */
export const LAST: States = {
  'claim-many-done': inTurn(selectFour, press(/^Claim \d/), pressThere(/^Claim/), ({ page }) =>
    page.getByRole('dialog').getByRole('button', { name: 'Done' }).waitFor(),
  ),
  'revoke-done': inTurn(dialogOf(6, 'Revoke…'), async ({ page }) => {
    await page.locator('#revoke-name').fill('lathe-right');
    await page.keyboard.press('Enter');
    await page.getByRole('dialog', { name: 'is revoked' }).waitFor();
  }),
};
