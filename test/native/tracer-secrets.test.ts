// What the tracer keeps of argument lists and mount options, before anything of them reaches its file. `hunter2` is the secret.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { after, test } from 'node:test';
import { TracerPlace } from '../helpers/tracer.ts';

const place = new TracerPlace();
after(() => place.remove());

function kept(words: readonly string[]): string[] {
  const { stdout, status } = spawnSync(place.program('secrets'), words, { encoding: 'utf8' });
  assert.equal(status, 0);
  return stdout.split('\n').slice(0, -1);
}

const cut: [given: string[], kept: string[]][] = [
  [
    ['docker', 'run', '-e', 'A=hunter2', 'x'],
    ['docker', 'run', '-e', 'A=', 'x'],
  ],
  [
    ['-e', 'lower=hunter2', '-ite', 'B=hunter2', '-eC=hunter2', '-e=D=hunter2'],
    ['-e', 'lower=', '-ite', 'B=', '-eC=', '-e=D='],
  ],
  [
    ['--env=a=hunter2', '--env', 'b=hunter2', '--build-arg', 'c=hunter2'],
    ['--env=a=', '--env', 'b=', '--build-arg', 'c='],
  ],
  [
    ['env', 'any=hunter2', 'B=hunter2', 'ls'],
    ['env', 'any=', 'B=', 'ls'],
  ],
  [
    ['/usr/bin/env', '-i', 'any=hunter2'],
    ['/usr/bin/env', '-i', 'any='],
  ],
  [
    ['sh', '-c', 'A=hunter2 ls'],
    ['sh', '-c', 'A='],
  ],
  [
    ['sh', '-c', 'cd /; export a=hunter2; ls'],
    ['sh', '-c', 'cd /; export a='],
  ],
  [
    ['sh', '-c', "A='b hunter2' ls"],
    ['sh', '-c', 'A='],
  ],
  [
    ['sh', '-c', 'x "$(TOKEN=`hunter2`)"'],
    ['sh', '-c', 'x "$(TOKEN='],
  ],
  [
    ['sh', '-c', 'docker run -e low=hunter2 x'],
    ['sh', '-c', 'docker run -e low='],
  ],
  [
    ['sh', '-c', 'mysql --password hunter2'],
    ['sh', '-c', 'mysql --password '],
  ],
  [
    ['--password', 'hunter2', 'next'],
    ['--password', '', 'next'],
  ],
  [
    ['--Password=hunter2', '--db-passwd=hunter2', '--api-key=hunter2'],
    ['--Password=', '--db-passwd=', '--api-key='],
  ],
  [
    ['--token', 'hunter2', '-passin', 'pass:hunter2', '--secret', 'hunter2'],
    ['--token', '', '-passin', 'pass:', '--secret', ''],
  ],
  [
    ['docker', 'login', '-u', 'me', '-p', 'hunter2', 'host'],
    ['docker', 'login', '-u', 'me', '-p', '', 'host'],
  ],
  [
    ['podman', 'login', '-phunter2'],
    ['podman', 'login', '-p'],
  ],
  [
    ['sshpass', '-p', 'hunter2', 'ssh'],
    ['sshpass', '-p', '', 'ssh'],
  ],
  [
    ['mysql', '-p', 'database', '-phunter2'],
    ['mysql', '-p', 'database', '-p'],
  ],
  [
    ['redis-cli', '-a', 'hunter2'],
    ['redis-cli', '-a', ''],
  ],
  [
    ['curl', '-u', 'me:hunter2', '-ume:hunter2', '--user', 'me:hunter2'],
    ['curl', '-u', 'me:', '-ume:', '--user', 'me:'],
  ],
  [
    ['curl', '-H', 'Authorization: Bearer hunter2'],
    ['curl', '-H', 'Authorization:'],
  ],
  [
    ['curl', '-HX-Auth-Token:hunter2', '--header=Cookie:hunter2'],
    ['curl', '-HX-Auth-Token:', '--header=Cookie:'],
  ],
  [
    ['sh', '-c', 'curl -H "Authorization: hunter2"'],
    ['sh', '-c', 'curl -H "Authorization:'],
  ],
  [
    ['curl', '-d', 'a=b&password=hunter2'],
    ['curl', '-d', 'a=b&password='],
  ],
  [
    ['curl', '-d', '{"user":"me", "password" : "hunter2"}'],
    ['curl', '-d', '{"user":"me", "password" :'],
  ],
  [
    ['git', 'clone', 'https://me:hunter2@host/x'],
    ['git', 'clone', 'https://'],
  ],
  [
    ['wget', 'https://host/x?a=b&token=hunter2'],
    ['wget', 'https://host/x?a=b&token='],
  ],
];
for (const [given, wanted] of cut) {
  test(`cut: ${given.join(' ')}`, () => {
    assert.deepEqual(kept(given), wanted);
    assert.doesNotMatch(wanted.join(), /hunter2/);
  });
}

const whole: string[][] = [
  ['docker', 'run', '-p', '8080:80', '--rm', '-it', '-u', '1000:1000', '--name', 'web', 'nginx:latest'],
  ['docker', 'run', '--env-file', '/etc/list', '--secret-file=/x', '--password-stdin', 'host', '-e', 'NAME'],
  [
    'iptables',
    '--wait',
    '-t',
    'nat',
    '-A',
    'DOCKER',
    '-p',
    'tcp',
    '-d',
    '0/0',
    '-j',
    'DNAT',
    '--to-destination',
    '172.17.0.2:80',
    '!',
    '-i',
    'docker0',
  ],
  ['runc', '--root', '/run/x', '--log-format=json', 'create', '--bundle', '/b', '--pid-file', '/p', 'a0b1'],
  ['dd', 'if=/dev/zero', 'of=x', 'bs=1'],
  ['mount', '-t', 'overlay', '-o', 'lowerdir=/a:/b,upperdir=/c', 'overlay', '/mnt'],
  ['sh', '-c', 'PATH=/bin; for f in *; do echo "$f: ok"; done; test a = b'],
  ['curl', 'https://host:80/a@b', ''],
  ['git', 'clone', 'ssh://host/x'],
];
for (const given of whole) test(`kept whole: ${given.join(' ')}`, () => assert.deepEqual(kept(given), given));

test('of the options of a mount nothing stays behind a secret', () => {
  const given = [
    'vers=3,username=me,password=hunter2,x,uid=0',
    'pass=hunter2',
    'name=admin,secret=hunter2',
    'password2=hunter2',
  ];
  assert.deepEqual(kept(['--options', ...given]), [
    'vers=3,username=me,password=',
    'pass=',
    'name=admin,secret=',
    'password2=',
  ]);
  const open = ['lowerdir=/pass=1:/b,upperdir=/c', 'size=64m,mode=755', 'credentials=/root/file,secretfile=/x', ''];
  assert.deepEqual(kept(['--options', ...open]).slice(0, 2), open.slice(0, 2));
});

test('no words make it read beyond their end', () => {
  const pieces = [
    '-',
    '--',
    '=',
    ':',
    '://',
    '@',
    ' ',
    '"',
    '-e',
    'pass',
    'login',
    'curl',
    '-u',
    '-p',
    '\\',
    'A',
    '--env',
    '/',
    ',',
  ];
  let state = 1;
  const next = (): number => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state >>> 8;
  };
  const words = Array.from({ length: 5000 }, () =>
    Array.from({ length: next() % 7 }, () => pieces[next() % pieces.length]).join(''),
  );
  const lines = kept(words);
  assert.equal(lines.length, words.length);
  for (const [index, line] of lines.entries()) assert.ok(words[index]?.startsWith(line));
});
