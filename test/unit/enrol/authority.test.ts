import { createPrivateKey, X509Certificate } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { loadOrCreateAuthority } from '../../../join/enrol/authority.ts';
import { REGISTRAR_NAME } from '../../../join/protocol/messages.ts';
import { SECRET } from '../../../k8s/core/resources.ts';
import { FakeKube } from '../../support/fake-kube.ts';

const CA = { name: 'enrolment-ca', namespace: 'usher-system' };

describe('the enrolment CA', () => {
  it('is one for all appliances that start at once, and the same after a restart', async () => {
    const kube = new FakeKube();
    const [one, other] = await Promise.all([loadOrCreateAuthority(kube), loadOrCreateAuthority(kube)]);
    const restarted = await loadOrCreateAuthority(kube);
    expect(one.applianceId).toMatch(/^[0-9a-hjkmnp-tv-z]{26}$/);
    expect([other.applianceId, restarted.applianceId]).toEqual([one.applianceId, one.applianceId]);
    expect([other.caPem, restarted.caPem]).toEqual([one.caPem, one.caPem]);
    const differing = await loadOrCreateAuthority(new FakeKube());
    expect(differing.applianceId).not.toBe(one.applianceId);
  });

  it('signs a leaf for the fixed name that holds with any clock', async () => {
    const authority = await loadOrCreateAuthority(new FakeKube());
    const { cert, key } = await authority.serverCredentials();
    const ca = new X509Certificate(authority.caPem);
    const leaf = new X509Certificate(cert);
    expect(ca.ca).toBe(true);
    expect(leaf.ca).toBe(false);
    expect(leaf.checkIssued(ca) && leaf.verify(ca.publicKey)).toBe(true);
    expect(leaf.checkHost(REGISTRAR_NAME)).toBe(REGISTRAR_NAME);
    expect(leaf.checkHost('usher.local')).toBeUndefined();
    expect(leaf.checkPrivateKey(createPrivateKey(key.reveal()))).toBe(true);
    for (const { validFrom, validTo } of [ca, leaf]) {
      expect([new Date(validFrom).toISOString(), new Date(validTo).toISOString()]).toEqual([
        '2020-01-01T00:00:00.000Z',
        '9999-12-31T23:59:59.000Z',
      ]);
    }
    expect(leaf.publicKey.asymmetricKeyDetails).toMatchObject({ namedCurve: 'prime256v1' });
    expect(JSON.stringify([authority, key])).not.toContain('PRIVATE');
  });

  it('is never replaced when it cannot be read', async () => {
    const kube = new FakeKube();
    const { caPem } = await loadOrCreateAuthority(new FakeKube());
    const other = await loadOrCreateAuthority(kube);
    const stored = await kube.get(SECRET, CA);
    for (const crt of ['', 'nonsense', caPem]) {
      const damaged = new FakeKube();
      const data = { ...stored?.data, 'ca.crt': Buffer.from(crt).toString('base64') };
      await damaged.create(SECRET, { apiVersion: 'v1', kind: 'Secret', metadata: CA, data });
      await expect(loadOrCreateAuthority(damaged)).rejects.toMatchObject({ code: 'ENROL_CA_INVALID' });
      expect((await damaged.get(SECRET, CA))?.data).toEqual(data);
    }
    expect(other.caPem).not.toBe(caPem);
  });
});
