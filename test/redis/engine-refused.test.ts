import assert from 'node:assert/strict';
import { execFile, execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';

import { projectRoot } from '../../scripts/support/project-root';
import { closeEngines, engineOf, OWN, until } from '../support/cluster/engines';
import { RedisServer } from '../support/redis';

describe('a server that a cluster does not take', function () {
  this.timeout(60_000);
  const servers: RedisServer[] = [];
  const start = async (...given: Parameters<typeof RedisServer.start>): Promise<RedisServer> => {
    const made = await RedisServer.start(...given);
    servers.push(made);
    return made;
  };
  afterEach(async () => {
    await closeEngines();
    for (const one of servers.splice(0)) await one.stop();
  });

  it('may forget leases when its memory is full', async () => {
    const server = await start({ args: ['--maxmemory', '10mb', '--maxmemory-policy', 'allkeys-lru'] });
    const { engine, problems } = engineOf(server, 'a');
    await until(() => problems.length > 0);
    assert.equal(problems[0]?.reason, 'clusterEviction');
    assert.equal(engine.connected, false);
    await assert.rejects(engine.renew(OWN, []), { code: 'UNREACHABLE', sent: false });
  });

  it('refuses the password, which no error tells, and takes it once its file is right', async () => {
    const server = await start({ password: 'right/one+7' });
    const passwordFile = path.join(server.folder, 'password');
    writeFileSync(passwordFile, 'wrong-one-123\n');
    const { engine, problems } = engineOf(server, 'a', { passwordFile });
    await until(() => problems.length > 0);
    assert.equal(problems[0]?.reason, 'clusterAuth');
    assert.doesNotMatch(JSON.stringify(problems), /wrong-one|right/);
    writeFileSync(passwordFile, 'right/one+7\n');
    await until(() => engine.connected);
    await engine.renew(OWN, []);
  });

  it('takes TLS by rediss:// with the certificates that Node.js trusts', async () => {
    const folder = servers[0]?.folder ?? (await start()).folder;
    const openssl = (...args: string[]): void => {
      execFileSync('openssl', args, { cwd: folder, stdio: 'ignore' });
    };
    const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];
    openssl(
      ...[
        'req',
        '-x509',
        ...key,
        '-days',
        '2',
        '-subj',
        '/CN=test',
        '-addext',
        'subjectAltName=IP:127.0.0.1',
      ],
      ...['-keyout', 'tls.key', '-out', 'tls.pem'],
    );
    const [cert, secret] = ['tls.pem', 'tls.key'].map((name) => path.join(folder, name));
    const server = await start({ tls: { cert: cert ?? '', key: secret ?? '', ca: cert ?? '' } });
    const script = `
      const { RedisEngine } = require('./dist/lib/cluster/redis');
      const { clusterSettings } = require('./dist/lib/cluster/settings');
      const settings = clusterSettings({ url: ${JSON.stringify(server.url)}, takeover: 4 }, {});
      const end = (text) => { console.log(text); process.exit(); };
      const engine = new RedisEngine({ settings, holder: 'a', onLost: ({ message }) => end(message), onReady: () => setImmediate(() => end('connected')) });
      engine.start(() => undefined);`;
    const run = async (env: NodeJS.ProcessEnv): Promise<string> => {
      const options = { cwd: projectRoot(), env: { ...process.env, ...env } };
      return (await promisify(execFile)(process.execPath, ['-e', script], options)).stdout.trim();
    };
    assert.equal(await run({ NODE_EXTRA_CA_CERTS: cert }), 'connected');
    assert.match(await run({ NODE_EXTRA_CA_CERTS: '' }), /self.signed|certificate/i);
  });
});
