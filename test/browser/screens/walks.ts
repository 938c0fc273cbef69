import { UsherError } from '../../../foundation/errors.ts';
import { READY } from './filled-site.ts';
import { goTo, inTurn, press, see, signInAs, signInByCode, type Place, type States } from './reach.ts';
import { IMPORT, IMPORT_DONE, REST, SCAN } from './screen-states.ts';
import { DEVICE, DIALOGS, LAST, SITE } from './site-states.ts';
import { idOf, macOf } from '../support/sample-site.ts';

/** States of one site, as one reader sees them, in their order. */
export interface Walk {
  /** Put before the names of its states. */
  prefix?: string;
  /** BCP 47; default en-GB. */
  locale?: string;
  /** Signs in. */
  begin?: (place: Place) => Promise<void>;
  /** Changes the site before the first state. */
  prepare?: (place: Place) => Promise<unknown>;
  states: States;
}

const as =
  (name: string) =>
  async (place: Place): Promise<void> => {
    await goTo('/')(place);
    await signInAs(place, name);
  };
const byCode = async (place: Place): Promise<void> => {
  await goTo('/')(place);
  await signInByCode(place);
};

/** What is shown before anybody has done anything. */
export const NEW_SITE: readonly Walk[] = [
  {
    states: {
      'sign-in': goTo('/'),
      'sign-in-wrong-code': inTurn(goTo('/'), async ({ page }) => {
        await page.locator('#code').fill('WRONG-00');
        await page.keyboard.press('Enter');
        await page.getByRole('alert').waitFor();
      }),
    },
  },
  {
    prefix: 'empty-',
    begin: byCode,
    states: {
      site: goTo('/'),
      rules: goTo('/rules'),
      services: goTo('/services'),
      labels: goTo('/labels'),
      people: goTo('/people'),
      audit: goTo('/audit'),
      settings: goTo('/settings'),
    },
  },
];

/** Every way to sign in, whatever this site has: only the buttons are shown. */
async function offerEveryWay({ page, site }: Place): Promise<void> {
  const { body } = await site.api.call('/api/v1/session');
  const ways = { ways: ['code', 'password', 'passkey', 'oidc'], oidcName: 'the works’ sign-in' };
  await page.route('**/api/v1/session', (route) => route.fulfill({ json: { ...(body as object), ...ways } }));
}

const wrongPassword = inTurn(goTo('/'), async ({ page }) => {
  await page.locator('#user').fill('anna');
  await page.locator('#password').fill('not-this-one');
  await page.keyboard.press('Enter');
  await page.getByRole('alert').waitFor();
});

/** The page asks again who it is, before it does what needs that; the fakes' sign-ins never grow old. */
const freshSignIn = inTurn(goTo('/people'), async ({ page }) => {
  const path = '**/api/v1/users';
  await page.route(path, (route) => {
    if (route.request().method() !== 'POST') return route.continue();
    return route.fulfill({ status: 403, json: { error: new UsherError('FRESH_SIGN_IN_NEEDED', {}).toBody() } });
  });
  await page.locator('#new-name').fill('dora');
  await page.locator('#new-password').fill('copper-lantern-walks');
  await page.getByRole('button', { name: 'Add the user' }).click();
  await page.getByRole('dialog').waitFor();
  await page.unroute(path);
});

const SIGN_IN: Walk = {
  states: {
    'sign-in-password': goTo('/'),
    'sign-in-wrong-password': wrongPassword,
    'sign-in-elsewhere-refused': goTo('/?signInError=OIDC_ROLE_MISSING'),
    'sign-in-every-way': inTurn(offerEveryWay, goTo('/import')),
    'sign-in-code-of-many': inTurn(goTo('/import'), press('With a code')),
  },
};

const VIEWER: Walk = {
  prefix: 'viewer-',
  begin: as('vera'),
  states: {
    site: goTo('/'),
    device: goTo(`/device/${idOf(12)}`),
    people: goTo('/people'),
    rules: goTo('/rules'),
    'service-held-last': goTo('/services/hall/valve'),
  },
};

const GERMAN: Walk = {
  prefix: 'german-',
  locale: 'de-DE',
  begin: as('anna'),
  states: {
    site: goTo('/'),
    'device-ready': goTo(`/device/${READY}`),
    'device-failed': goTo(`/device/${idOf(7)}`),
    claim: inTurn(goTo(`/device/${idOf(3)}`), ({ page }) => page.locator('.card .primary').first().click()),
    revoke: inTurn(goTo(`/device/${idOf(12)}`), press('Sperren…'), see('spindle-reader')),
    scan: goTo('/c'),
    import: goTo('/import'),
    rules: goTo('/rules'),
    services: goTo('/services'),
    service: goTo('/services/hall/vibration'),
    'service-takeover': inTurn(goTo('/services/hall/valve'), press('Übernehmen…')),
    labels: goTo('/labels'),
    people: goTo('/people'),
    audit: goTo('/audit'),
    settings: goTo('/settings'),
  },
};

/** What is wrong with the whole site. */
const TROUBLES: Walk = {
  begin: as('anna'),
  prepare: async ({ site: { alarms } }) => {
    for (const n of [1, 2, 3]) {
      const nodeName = `rogue-${String(n)}`;
      await alarms.raise({ code: 'NODE_PASSWORD_UNEXPECTED', params: { nodeName, secret: nodeName }, nodeName });
    }
  },
  states: {
    alarms: goTo('/'),
    'alarms-beside-a-screen': goTo('/labels'),
    'site-half-working': inTurn(async (place) => {
      const { api } = place.site;
      const body = (await api.call('/api/v1/site', { headers: api.bearer })).body as { kubernetes: object };
      const kubernetes = { ...body.kubernetes, ready: false, standIn: 'Upstream Kubernetes.' };
      const sources = [{ name: 'dhcp', working: false, detail: 'Operation not permitted' }];
      await place.page.route('**/api/v1/site', (route) => route.fulfill({ json: { ...body, kubernetes, sources } }));
      await goTo('/')(place);
    }),
    'connection-lost': inTurn(goTo('/'), async ({ page }) => {
      await page.context().setOffline(true);
      await page.locator('.banner').waitFor({ timeout: 40_000 });
    }),
  },
};

/** A site with everything; what changes it comes last. */
export const FULL_SITE: readonly Walk[] = [
  SIGN_IN,
  {
    begin: as('anna'),
    states: { ...SITE, ...DEVICE, ...DIALOGS, ...SCAN, ...IMPORT, ...REST, 'fresh-sign-in': freshSignIn },
  },
  VIEWER,
  GERMAN,
  { begin: as('anna'), states: { ...LAST, ...IMPORT_DONE } },
  TROUBLES,
];

const MANY = 1000;

/** A thousand boards. */
export const BIG_SITE: readonly Walk[] = [
  {
    prefix: 'many-',
    begin: as('anna'),
    prepare: ({ site }) => {
      for (let n = 100; n < 100 + MANY; n += 1) site.api.sightings.see(macOf(n), { hostname: `board-${String(n)}` });
      return Promise.resolve();
    },
    states: {
      site: goTo('/'),
      'site-scrolled': inTurn(goTo('/'), async ({ page }) => {
        await page.mouse.wheel(0, 9000);
        await page
          .getByText(/^board-2/)
          .first()
          .waitFor();
      }),
      'site-cards': inTurn(goTo('/'), press('Cards')),
    },
  },
];
