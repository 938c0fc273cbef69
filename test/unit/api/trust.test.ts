import { createHash, X509Certificate } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { ApiClient } from '../../../api/client/api-client.ts';
import { findAppliance } from '../../../api/client/find-appliance.ts';
import { fingerprintText } from '../../../foundation/fingerprint-text.ts';
import { ApiFixture } from '../../support/api-fixture.ts';
import { issue } from '../../support/test-authority.ts';

const api = new ApiFixture();
beforeAll(() => api.start());
afterAll(() => api.stop());

it('/trust tells everybody how to trust the authority, without script', async () => {
  const reply = await api.call('/trust');
  const { caFingerprint } = api.server.pageCertificate();
  expect([reply.status, reply.headers['content-type']]).toEqual([200, 'text/html; charset=utf-8']);
  expect(reply.text).toContain(fingerprintText(caFingerprint));
  for (const system of ['iPhone', 'Android', 'Windows', 'macOS', 'Linux', 'Firefox'])
    expect(reply.text).toContain(system);
  expect(reply.text).not.toMatch(/<script|style=|http:|src=/);
  for (const [, href = ''] of reply.text.matchAll(/href="([^"]+)"/g)) {
    expect([href, (await api.call(href, { headers: { accept: 'text/html' } })).status]).toEqual([href, 200]);
  }
});

it('gives the certificate in the forms that systems take, always the same one', async () => {
  const { caFingerprint } = api.server.pageCertificate();
  const pem = (await api.call('/trust/ca.pem')).text;
  const profile = await api.call('/trust/ca.mobileconfig');
  const der = /<data>([^<]+)<\/data>/.exec(profile.text)?.[1] ?? '';
  for (const certificate of [new X509Certificate(pem), new X509Certificate(Buffer.from(der, 'base64'))]) {
    expect(createHash('sha256').update(certificate.raw).digest('hex')).toBe(caFingerprint);
    expect(certificate.ca).toBe(true);
  }
  expect(profile.headers['content-type']).toBe('application/x-apple-aspen-config');
  expect((await api.call('/trust/ca.crt')).headers['content-type']).toBe('application/x-x509-ca-cert');
  expect((await api.call('/trust/ca.key')).text).not.toContain('PRIVATE');
  expect(pem).toBe(await readFile(join(api.stateDir, 'page', 'ca.pem'), 'utf8'));
});

it('with a certificate of the operators’ own, the command line comes in all the same, and its name is one of the appliance', async () => {
  const root = await issue('plant root', { isAuthority: true });
  const given = await issue('usher', { names: ['usher.plant.example', '127.0.0.1'], issuer: root });
  const own = new ApiFixture();
  const tlsFiles = { certPath: join(own.stateDir, 'given.pem'), keyPath: join(own.stateDir, 'given.key') };
  await writeFile(tlsFiles.certPath, given.cert);
  await writeFile(tlsFiles.keyPath, given.key);
  await own.start({ tlsFiles });
  const client = new ApiClient(findAppliance({ tokenFile: own.cliFile, env: {} }));
  try {
    expect(await client.pageCertificate()).toMatchObject({
      issuer: 'Given',
      names: ['usher.plant.example', '127.0.0.1'],
    });
    expect((await own.call('/healthz', { headers: { host: 'usher.plant.example' } })).status).toBe(200);
    expect((await own.call('/healthz', { headers: { host: 'other.plant.example' } })).status).toBe(421);
  } finally {
    client.close();
    await own.stop();
  }
});
