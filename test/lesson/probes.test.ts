// Probes of network, layers, output and registry against one real engine: what they say is what the machine's own programs say.
import assert from 'node:assert/strict';
import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import { after, before, test } from 'node:test';
import type { Check } from '../../src/lesson/format/schema.ts';
import { startEngine, type TestEngine } from '../helpers/engine.ts';
import { root } from '../helpers/root.ts';
import { start } from '../helpers/shell.ts';

const prober = new URL('../helpers/prober.ts', import.meta.url).pathname;
const folder = mkdtempSync('/var/tmp/tlab-probes-');
let engine: TestEngine;
let asker: ChildProcessByStdio<Writable, Readable, null>;
let answers: AsyncIterator<string>;
before(async () => {
  if (process.getuid?.() !== 0) return;
  engine = await startEngine();
  asker = spawn('nsenter', [...engine.enter, process.execPath, prober], {
    stdio: ['pipe', 'pipe', 'inherit'],
    env: { ...process.env, ...engine.env },
  });
  answers = createInterface({ input: asker.stdout })[Symbol.asyncIterator]();
  await engine.must('run', '--detach', '--name', 'web', '--publish', '8123:80', 'nginx');
  await engine.must(
    'run',
    '--detach',
    '--name',
    'box',
    'busybox',
    'sh',
    '-c',
    'echo one; echo two; rm /etc/passwd; echo x > /new; sleep 300',
  );
});
after(async () => {
  asker?.stdin.end();
  await engine?.stop();
  rmSync(folder, { recursive: true });
});

type Asked = Omit<Check, 'id' | 'says' | 'needs'>;

/** Asks a check where the learner's tlab runs: in the engine's network namespace. */
async function verdictOf(check: Asked): Promise<string> {
  const whole = { id: 'it', says: 'it', ...check };
  asker.stdin.write(`${JSON.stringify(whole)}\n`);
  const { value } = await answers.next();
  const { state, saw } = JSON.parse(value ?? '{}');
  return `${state}: ${saw}`;
}

const passes = async (check: Asked): Promise<void> => assert.match(await verdictOf(check), /^passed/);

test('the rule of a published port is found with its target, another port has none', root(), async () => {
  const match = ['--dport 8123', '-j DNAT'];
  await passes({ rule: { table: 'nat', match }, want: { count: 1, text: '*--to-destination *:80*' } });
  assert.match(await verdictOf({ rule: { table: 'nat', match: '--dport 8124' } }), /^failed: no such rule/);
});

test('packets of a rule are counted', root(), async () => {
  const rule = { table: 'nat', match: '--dport 8123' } as const;
  await passes({ rule, want: { packets: 0 } });
  await engine.must('run', '--rm', 'busybox', 'true');
  const address = (await engine.inside('ip', ['-o', '-4', 'addr', 'show', 'tlab0'])).stdout.match(/inet ([\d.]+)/)?.[1];
  await engine.inside('curl', ['-s', `http://${address}:8123/`]);
  await passes({ rule, want: { packets: { min: 1 } } });
});

test('a namespace of a container has no rules of the host', root(), async () => {
  await passes({ rule: { container: 'web', table: 'nat', match: '--dport' }, want: { count: 0 } });
});

test("a container's eth0 is one end of a veth whose other end is a port of the bridge", root(), async () => {
  const link = await engine.inside('ip', ['-o', 'link', 'show', 'type', 'veth']);
  const [, index, name] = /^(\d+): ([^@:]+)/m.exec(link.stdout) ?? [];
  await passes({
    link: { container: 'web', name: 'eth0' },
    want: { kind: 'veth', up: true, master: { absent: true }, addresses: { has: '*/16' } },
  });
  await passes({ link: { name: String(name) }, want: { index: Number(index), master: 'tlab0' } });
  const peers = await Promise.all(
    ['web', 'box'].map((container) => verdictOf({ link: { container, name: 'eth0' }, want: { peer: String(name) } })),
  );
  assert.equal(peers.filter((one) => one.startsWith('passed')).length, 1, peers.join('; '));
  assert.match(await verdictOf({ link: { container: 'web', name: 'eth1' } }), /^failed: no such link/);
});

test('routes: the default one leads to the bridge, the own network has no gateway', root(), async () => {
  await passes({ route: { container: 'web', to: 'default' }, want: { gateway: '172.*', link: 'eth0' } });
  await passes({ route: { container: 'web', to: '172.17.0.200' }, want: { gateway: { absent: true } } });
  assert.match(await verdictOf({ route: { to: '203.0.113.0/24' } }), /^failed: no such route/);
  assert.match(
    await verdictOf({ route: { container: 'nobody', to: 'default' } }),
    /^unknown: container nobody does not run/,
  );
});

test('names: from the hosts file, from a nameserver in the namespace, and from nobody', root(), async () => {
  const id = (await engine.must('inspect', '--format', '{{.Config.Hostname}}', 'web')).trim();
  await passes({ dns: { container: 'web', name: id }, want: { from: 'hosts', addresses: { has: '172.*' } } });
  await engine.must('run', '--detach', '--name', 'asks', '--dns', '127.0.0.1', 'busybox', 'sleep', '300');
  const pid = (await engine.must('inspect', '--format', '{{.State.Pid}}', 'asks')).trim();
  await passes({ dns: { container: 'asks' }, want: { nameservers: { has: '127.0.0.1' } } });
  assert.match(await verdictOf({ dns: { container: 'asks', name: 'web.lab' } }), /^failed: no address/);
  const server = `const s = require('node:dgram').createSocket('udp4');
    s.on('message', (q, from) => { const a = Buffer.from(q); a[2] = 0x81; a[3] = 0x80; a[7] = 1;
      s.send(Buffer.concat([a, Buffer.from('c00c00010001000000100004cb007107', 'hex')]), from.port, from.address); });
    s.bind(53, '127.0.0.1', () => console.log('ready'));`;
  const dns = start('nsenter', [`--net=/proc/${pid}/ns/net`, process.execPath, '-e', server]);
  try {
    for (let tries = 0; tries < 20; tries++) {
      const said = await verdictOf({
        dns: { container: 'asks', name: 'web.lab' },
        want: { addresses: { has: '203.0.113.7' }, from: '127.0.0.1' },
      });
      if (said.startsWith('passed')) return;
    }
    assert.fail('the nameserver in the namespace was not asked');
  } finally {
    await dns.stop('SIGKILL');
  }
});

test('layers of images, what two share, and what a container changed', root(), async () => {
  await passes({
    layers: { image: 'nginx' },
    want: { count: { min: 1 }, history: { min: 1 }, diffIds: { has: 'sha256:*' } },
  });
  await engine.must('commit', 'box', 'child');
  await passes({ layers: { image: 'child', sharedWith: 'busybox' }, want: { count: 2, shared: 1 } });
  assert.match(await verdictOf({ layers: { image: 'none' } }), /^failed: no such image/);
  await passes({
    upper: { container: 'box' },
    want: { added: { has: '/new' }, deleted: { has: '/etc/passwd' }, upperdir: '*/fs' },
  });
  await passes({ upper: { container: 'box', path: '/etc/passwd' }, want: { kind: 'deleted' } });
  assert.match(await verdictOf({ upper: { container: 'box', path: '/etc/group' } }), /^failed/);
});

test('a fact held against one that another probe finds, and a Dockerfile by what the linter says', root(), async () => {
  const layers = (fact: string) => ({ same: { layers: { image: 'nginx' }, fact } });
  await passes({ image: 'nginx', want: { 'RootFS.Layers.0': layers('diffIds.0'), Id: { not: layers('manifest') } } });
  assert.match(await verdictOf({ image: 'nginx', want: { Id: layers('digests.0') } }), /^failed: Id sha256:\w+/);
  assert.match(
    await verdictOf({ image: 'nginx', want: { Id: layers('digests.99') } }),
    /^unknown: .*nothing to compare/,
  );
  const file = join(folder, 'Dockerfile');
  writeFileSync(file, 'FROM busybox\nADD a /a\nCMD ["true"]\n');
  await passes({
    dockerfile: file,
    want: { findings: { min: 2 }, rules: { has: ['UnpinnedBase', 'AddInsteadOfCopy'] } },
  });
  assert.match(await verdictOf({ dockerfile: `${file}.none` }), /^failed: no such dockerfile/);
});

test('what a container has written, and the program that is its parent', root(), async () => {
  await passes({ output: { container: 'box' }, want: { lines: { has: ['one', 'two'] }, last: 'two' } });
  await passes({ process: { container: 'box' }, want: { parent: 'shim' } });
  assert.match(await verdictOf({ process: { name: 'no-such-program' } }), /^failed: no such process/);
});

test('a registry: what it has, and that nobody listens', root(), async () => {
  const registry = start(
    'nsenter',
    [
      ...engine.enter,
      new URL('../../bin/tlab', import.meta.url).pathname,
      'registry',
      'serve',
      '--listen',
      '127.0.0.1:5077',
      '--storage',
      folder,
    ],
    { env: engine.env },
  );
  try {
    for (let tries = 0; tries < 60; tries++)
      if ((await verdictOf({ registry: { address: '127.0.0.1:5077' } })).startsWith('passed')) break;
    await engine.must('tag', 'busybox', '127.0.0.1:5077/lab/box:1');
    await engine.must('push', '127.0.0.1:5077/lab/box:1');
    await passes({
      registry: { address: '127.0.0.1:5077', repository: 'lab/box', reference: '1' },
      want: { tags: { has: '1' }, digest: 'sha256:*', layers: 1 },
    });
    assert.match(await verdictOf({ registry: { address: '127.0.0.1:5077', repository: 'lab/other' } }), /^failed/);
  } finally {
    await registry.stop('SIGTERM');
  }
  assert.match(await verdictOf({ registry: { address: '127.0.0.1:5078' } }), /^failed: nobody listens/);
});
