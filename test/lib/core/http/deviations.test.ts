import assert from 'node:assert/strict';

import { failsWith } from '../../../support/expect-error';
import { COMMAND, GET, useRawServer } from '../../../support/raw-bench';

describe('answers that deviate from HTTP', () => {
  const bench = useRawServer();

  const deviations: [string, string][] = [
    ['lines that end in a line feed', 'HTTP/1.1 200 OK\nContent-Length: 2\n\n{}'],
    ['one such line', 'HTTP/1.1 200 OK\r\nX: y\nContent-Length: 2\r\n\r\n{}'],
    ['a blank before a colon', 'HTTP/1.1 200 OK\r\nContent-Length : 2\r\n\r\n{}'],
    ['a control character', 'HTTP/1.1 200 OK\r\nX: a\u0001b\r\nContent-Length: 2\r\n\r\n{}'],
    [
      'both lengths',
      'HTTP/1.1 200 OK\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n',
    ],
    [
      'both lengths, in their other order',
      'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Length: 2\r\n\r\n2\r\n{}\r\n0\r\n\r\n',
    ],
  ];
  for (const [name, text] of deviations) {
    it(`are read where that is allowed: ${name}`, async () => {
      bench().response = ({ socket }) => socket.write(Buffer.from(text, 'latin1'));
      for (const call of [GET, COMMAND]) {
        assert.deepEqual(await bench().client({ insecureHTTPParser: true }).json(call), {});
        const off = await failsWith(bench().client({ insecureHTTPParser: false }).json(call), 'BAD_RESPONSE');
        assert.equal(off.reason, 'lenientHttp');
        assert.match(off.message, /insecureHTTPParser/);
        const none = await failsWith(bench().client().json(call), 'BAD_RESPONSE');
        assert.equal(none.reason, 'notHttp', 'no advice to set what cannot be set');
      }
    });
  }

  it('get no such advice where it would not help', async () => {
    bench().response = ({ socket }) => socket.write('SSH-2.0-OpenSSH\r\n\r\n');
    const error = await failsWith(bench().client({ insecureHTTPParser: false }).json(GET), 'BAD_RESPONSE');
    assert.equal(error.reason, 'notHttp');
  });
});
