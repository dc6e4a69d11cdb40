import { readFileSync } from 'node:fs';
import path from 'node:path';

/** A file below test/fixtures, which are not compiled and so lie in the sources only. */
export function fixture(name: string): string {
  const root = __dirname.slice(0, __dirname.lastIndexOf(`${path.sep}dist${path.sep}`));
  return readFileSync(path.join(root, 'test', 'fixtures', name), 'utf8');
}

/** The certificates of test/fixtures/broker-tls, PEM. */
export function testTls(): Record<
  'ca' | 'otherCa' | 'serverCert' | 'serverKey' | 'clientCert' | 'clientKey',
  string
> {
  return {
    ca: fixture('broker-tls/ca.pem'),
    otherCa: fixture('broker-tls/other-ca.pem'),
    serverCert: fixture('broker-tls/server.pem'),
    serverKey: fixture('broker-tls/server.key'),
    clientCert: fixture('broker-tls/client.pem'),
    clientKey: fixture('broker-tls/client.key'),
  };
}
