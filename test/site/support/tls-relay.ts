import { once } from 'node:events';
import { createServer, request } from 'node:https';
import type { AddressInfo } from 'node:net';
import * as x509 from '@peculiar/x509';
import { generateKeyPairSync, webcrypto } from 'node:crypto';
import { REGISTRAR_NAME } from '../../../join/protocol/messages.ts';
import { clientCertificate } from '../../support/test-device.ts';

/** A man in the middle: he ends TLS with a certificate of his own CA and passes on what he reads, with a key of his own. */
export interface TlsRelay {
  readonly port: number;
  readonly caPem: string;
  /** Bodies that devices sent to him. */
  readonly read: string[];
  close(): void;
}

/** Starts one before the appliance, which he reaches at `targetPort` of the loopback. */
export async function startTlsRelay(targetPort: number): Promise<TlsRelay> {
  const { caPem, cert, key } = await ownAuthority();
  const own = await clientCertificate();
  const read: string[] = [];
  const options = { cert, key, minVersion: 'TLSv1.3', requestCert: true, rejectUnauthorized: false } as const;
  const server = createServer(options, (incoming, reply) => {
    const { method, url, headers } = incoming;
    const target = { host: '127.0.0.1', port: targetPort, servername: REGISTRAR_NAME, rejectUnauthorized: false };
    const onward = request({ ...target, method, path: url, headers, cert: own.cert, key: own.key }, (answer) => {
      reply.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(reply);
    });
    onward.once('error', () => reply.destroy());
    let body = '';
    incoming.on('data', (chunk: Buffer) => {
      body += chunk.toString();
      onward.write(chunk);
    });
    incoming.once('end', () => {
      read.push(body);
      onward.end();
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const close = (): void => {
    server.closeAllConnections();
    server.close();
  };
  return { port: (server.address() as AddressInfo).port, caPem, read, close };
}

/** A CA that calls itself as ours does, and a certificate of it for our fixed server name. */
async function ownAuthority(): Promise<{ caPem: string; cert: string; key: string }> {
  const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };
  const dates = { notBefore: new Date(Date.UTC(2020, 0, 1)), notAfter: new Date(Date.UTC(9999, 11, 31)) };
  const caKeys = await webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
  const ca = await x509.X509CertificateGenerator.createSelfSigned({
    name: 'CN=Usher enrolment CA',
    keys: caKeys,
    signingAlgorithm: algorithm,
    ...dates,
    extensions: [new x509.BasicConstraintsExtension(true, 0, true)],
  });
  const leaf = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const certificate = await x509.X509CertificateGenerator.create({
    subject: `CN=${REGISTRAR_NAME}`,
    issuer: ca.subject,
    publicKey: leaf.publicKey.toCryptoKey(algorithm, true, ['verify']),
    signingKey: caKeys.privateKey,
    signingAlgorithm: algorithm,
    ...dates,
    extensions: [new x509.SubjectAlternativeNameExtension([{ type: 'dns', value: REGISTRAR_NAME }])],
  });
  const key = leaf.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
  return { caPem: ca.toString('pem'), cert: certificate.toString('pem'), key };
}
