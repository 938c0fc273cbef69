import { readFile } from 'node:fs/promises';
import { SECRET } from '../../../k8s/core/resources.ts';
import { MASTER } from '../../../lab/lab.ts';
import { parseClaimCode, typedClaimCode } from '../../../join/protocol/claim-code.ts';
import type { RunningSite } from '../support/running-site.ts';
import { signIn } from './materials.ts';
import { type Canary, keyCanary, textCanary } from './secret-scanner.ts';

/** What the appliance and its Kubernetes keep to themselves. */
export async function secretsOfTheSite({ kube, site }: RunningSite): Promise<Canary[]> {
  const inSecret = async (name: string, field: string): Promise<Buffer> => {
    const { data } = (await kube.get(SECRET, { name, namespace: 'usher-system' })) ?? {};
    return Buffer.from(data?.[field] ?? '', 'base64');
  };
  const onDisk = (path: string): Promise<string> =>
    readFile(site.lab.machine(MASTER).pathOnDisk(`/var/lib/usher/${path}`), 'utf8');
  const { token } = JSON.parse(await readFile(site.cliFile, 'utf8')) as { token: string };
  return [
    { name: 'ticket key', value: await inSecret('ticket-key', 'key') },
    keyCanary('enrolment CA key', (await inSecret('enrolment-ca', 'ca.key')).toString()),
    keyCanary('site CA key', await onDisk('page/ca.key')),
    keyCanary('page key', await onDisk('page/page.key')),
    textCanary('k3s server-token', await onDisk('k3s/server-token')),
    textCanary('k3s agent-token', await onDisk('k3s/agent-token')),
    textCanary('token of the command line', token),
  ];
}

const USER = { name: 'anna', password: 'amber-ladder-hums-at-noon' };
const MISTYPED = { ...USER, password: 'amber-ladder-hums-at-noom' };
const NEXT_PASSWORD = 'nine-kettles-under-the-pier';

/** A user who signs in, mistypes the password and then gets another one; a program; and whoever has the console's code. */
export async function secretsOfPeople(running: RunningSite): Promise<Canary[]> {
  const { people } = running.client;
  await people.createUser({ ...USER, role: 'admin' });
  const { token } = await people.createApiToken({ name: 'dashboard', role: 'viewer' });
  await signIn(running, MISTYPED);
  const first = await signIn(running, USER);
  await people.changeUser(USER.name, { password: NEXT_PASSWORD });
  const again = await signIn(running, { ...USER, password: NEXT_PASSWORD });
  const byCode = await signIn(running);
  return [
    textCanary('password', USER.password),
    textCanary('mistyped password', MISTYPED.password),
    textCanary('next password', NEXT_PASSWORD),
    textCanary('API token', token),
    textCanary('secret of the API token', token.slice(token.lastIndexOf('_') + 1)),
    textCanary('CSRF token', byCode.csrfToken),
    textCanary('CSRF token of the user', again.csrfToken),
    ...[first, again, byCode].map(({ cookie }, index) => textCanary(`session cookie ${String(index)}`, cookie)),
  ];
}

/** A claim code as the QR code has it and as people type it, rightly and with another last letter. */
export function secretsOfClaimCode(of: string, url: string): { typed: string; mistyped: string; canaries: Canary[] } {
  const { device, code } = parseClaimCode(url);
  const typed = typedClaimCode(device, code);
  const withoutId = typed.slice(typed.indexOf('-') + 1);
  return {
    typed,
    mistyped: typed.slice(0, -1) + (typed.endsWith('X') ? 'Y' : 'X'),
    canaries: [
      textCanary(`claim code of ${of}`, code.reveal()),
      // What is mistyped begins so, too.
      textCanary(`typed claim code of ${of}`, withoutId.slice(0, -1)),
    ],
  };
}
