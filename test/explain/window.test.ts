// Which calls are part of a derived event, and which are made at that time and part of none.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { type DerivedEvent, derivedEvents } from '../../src/explain/effects/derive.ts';
import { readStrace } from './effects-strace.ts';

const fixture = (name: string): string =>
  readFileSync(new URL(`../fixtures/runc-1.1/${name}`, import.meta.url), 'utf8');
const config: unknown = JSON.parse(fixture('config.json'));

const namesOf = (found: DerivedEvent | undefined): string[] =>
  (found?.calls ?? []).toSorted((a, b) => a.ts - b.ts).map(({ data }) => String(data.name));

const derived = (...lines: string[]): DerivedEvent[] =>
  derivedEvents(readStrace(lines.map((line, i) => `7 ${(i / 1e6).toFixed(6)} ${line}`).join('\n')), [], { config });

const operation = (events: DerivedEvent[], name: string): DerivedEvent | undefined =>
  events.find(({ event }) => event.data.operation === name);
const written = (events: DerivedEvent[], file: string): DerivedEvent | undefined =>
  events.find(({ event }) => String(event.data.path).endsWith(`/${file}`));

const root = 'mount("/r", "/r", NULL, MS_BIND|MS_REC, NULL) = 0';
const pivot = [
  'openat(AT_FDCWD, "/r", O_RDONLY|O_DIRECTORY) = 6</r>',
  'fchdir(6</r>) = 0',
  'pivot_root(".", ".") = 0',
  'fchdir(5</>) = 0',
  'mount("", ".", "", MS_REC|MS_SLAVE, NULL) = 0',
  'umount2(".", MNT_DETACH) = 0',
  'chdir("/") = 0',
];

test('pivot_root has all up to the change into the new root; what makes the root read-only is a step of its own', () => {
  const events = derived(root, ...pivot, 'getpid() = 1', 'mount("", "/", "", MS_RDONLY|MS_REMOUNT|MS_BIND, NULL) = 0');
  assert.deepEqual(namesOf(operation(events, 'pivot_root')), [
    'openat',
    'fchdir',
    'pivot_root',
    'fchdir',
    'mount',
    'umount2',
    'chdir',
  ]);
  assert.deepEqual(namesOf(operation(events, 'root_readonly')), ['mount']);
});

test('the change into the new root is not the working directory that config.json asks for', () => {
  const events = derived(root, ...pivot, 'chdir("/srv") = 0', 'execve("/bin/sh", ["sh"], 0x1 /* 1 vars */) = 0');
  assert.deepEqual(namesOf(operation(events, 'chdir')), ['chdir']);
  assert.deepEqual(operation(events, 'chdir')?.event.data.arguments, { path: '/srv' });
});

const memory = '/sys/fs/cgroup/memory/c1/memory.limit_in_bytes';
const devices = '/sys/fs/cgroup/devices/c1';

test('a limit has its own file from open to close, and no look at another group', () => {
  const events = derived(
    `openat(AT_FDCWD, "${devices}/devices.allow", O_WRONLY) = 8<${devices}/devices.allow>`,
    `write(8<${devices}/devices.allow>, "c 1:3 rwm", 9) = 9`,
    `close(8<${devices}/devices.allow>) = 0`,
    `openat(AT_FDCWD, "${devices}/devices.list", O_RDONLY) = 8<${devices}/devices.list>`,
    `read(8<${devices}/devices.list>, "c 1:3 rwm\\n", 512) = 10`,
    'openat(AT_FDCWD, "/proc/self/mountinfo", O_RDONLY) = 9</proc/self/mountinfo>',
    `openat2(7</sys/fs/cgroup>, "memory/c1/memory.limit_in_bytes", {flags=O_WRONLY}, 24) = 8<${memory}>`,
    `write(8<${memory}>, "67108864", 8) = 8`,
    `close(8<${memory}>) = 0`,
  );
  assert.deepEqual(namesOf(written(events, 'devices.allow')), ['openat', 'write', 'close', 'openat', 'read']);
  assert.deepEqual(namesOf(written(events, 'memory.limit_in_bytes')), ['openat2', 'write', 'close']);
  assert.equal(
    events.filter(({ calls }) => calls.some(({ data }) => String(data.args).includes('mountinfo'))).length,
    0,
  );
});

test('a masked folder is told from a masked file', () => {
  const events = derived(
    root,
    ...pivot,
    'mount("/dev/null", "/proc/kcore", NULL, MS_BIND, NULL) = 0',
    'mount("/dev/null", "/proc/acpi", NULL, MS_BIND, NULL) = -1 ENOTDIR (Not a directory)',
    'mount("tmpfs", "/proc/acpi", "tmpfs", MS_RDONLY, "") = 0',
  );
  const masks = events.filter(({ event }) => event.data.operation === 'mask_path');
  assert.deepEqual(
    masks.map(({ event }) => [(event.data.arguments as { path: string }).path, event.data.result]),
    [
      ['/proc/kcore', 0],
      ['/proc/acpi', 1],
    ],
  );
});

test('no call is part of two events, in a recording of a real runc', () => {
  const events = derivedEvents(readStrace(fixture('calls.strace')), [], { config });
  const calls = events.flatMap((one) => one.calls);
  assert.equal(new Set(calls).size, calls.length);
  assert.ok(namesOf(operation(events, 'pivot_root')).includes('umount2'));
});

test('a device rule leads to its line of config.json, one that no line asks for to the default', () => {
  const document = {
    linux: {
      resources: {
        devices: [
          { allow: false, access: 'rwm' },
          { allow: true, type: 'c', major: 10, minor: 229, access: 'rwm' },
        ],
      },
    },
  };
  const rule = (file: string, value: string): string => `write(8<${devices}/devices.${file}>, "${value}", 9) = 9`;
  const lines = [rule('deny', 'a'), rule('allow', 'c 1:3 rwm'), rule('allow', 'c 10:229 rwm')];
  const events = derivedEvents(readStrace(lines.map((line, i) => `7 0.00000${i} ${line}`).join('\n')), [], {
    config: document,
  });
  assert.deepEqual(
    events.map(({ event }) => event.cause),
    ['config:/linux/resources/devices/0', 'default:spec-devices', 'config:/linux/resources/devices/1'],
  );
});
