import assert from 'node:assert/strict';
import { test } from 'node:test';
import { deviceProgram } from '../../src/runc/compile/device-program.ts';
import { devicePolicy, deviceWords } from '../../src/runc/compile/device-rules.ts';
import { deviceOperations } from '../../src/runc/compile/devices.ts';
import { contextWith, named } from './host.ts';

const nothing = { allow: false, access: 'rwm' };

test('config.json may add devices, and replace a default one', () => {
  const operations = deviceOperations(
    contextWith({
      linux: {
        devices: [
          { type: 'b', path: '/dev/sdx', major: 8, minor: 0, fileMode: 0o600, uid: 1, gid: 2 },
          { type: 'c', path: '/dev/null', major: 1, minor: 3, fileMode: 0o444 },
          { type: 'p', path: '/run/pipe' },
          { type: 'c', path: '/dev/ptmx', major: 5, minor: 2 },
        ],
      },
    }),
  );
  const nodes = named(operations, 'device_make').map(({ path, mode }) => `${path} ${Number(mode).toString(8)}`);
  assert.deepEqual(nodes, [
    '/dev/random 20666',
    '/dev/full 20666',
    '/dev/tty 20666',
    '/dev/zero 20666',
    '/dev/urandom 20666',
    '/dev/sdx 60600',
    '/dev/null 20444',
    '/run/pipe 10666',
  ]);
});

test('in a user namespace nodes are bound from the host', () => {
  const operations = deviceOperations(contextWith({ linux: { namespaces: [{ type: 'user' }] } }));
  assert.deepEqual(
    named(operations, 'mount').map(({ source }) => source),
    ['/dev/null', '/dev/random', '/dev/full', '/dev/tty', '/dev/zero', '/dev/urandom'],
  );
  assert.equal(named(operations, 'device_make').length, 0);
});

test('a host with kcore gives containers /dev/core', () => {
  assert.deepEqual(named(deviceOperations(contextWith({}, { hasKcore: true })), 'symlink').at(-1), {
    target: '/proc/kcore',
    path: '/dev/core',
  });
});

test('rules apply in order: a rule for all devices starts anew', () => {
  const rule = { allow: true, type: 'c' as const, major: 10, minor: 200, access: 'rw' };
  const words = (rules: Parameters<typeof devicePolicy>[0]) => devicePolicy(rules).exceptions.map(deviceWords);
  assert.ok(words([nothing, rule]).includes('c 10:200 rw'));
  assert.ok(!words([rule, nothing]).includes('c 10:200 rw'));
  assert.ok(!words([nothing, rule, { ...rule, allow: false }]).includes('c 10:200 rw'));
  assert.ok(words([nothing, rule, { ...rule, access: 'm' }]).includes('c 10:200 rwm'));
});

test('without rules a container gets the strict start', () => {
  assert.equal(devicePolicy([]).isAllowed, false);
});

test('a privileged container may use every device', () => {
  assert.deepEqual(devicePolicy([nothing, { allow: true, access: 'rwm' }]), { isAllowed: true, exceptions: [] });
});

test('the version 2 program decides as the rules say', () => {
  const policy = devicePolicy([nothing, { allow: true, type: 'b', major: 8, access: 'r' }]);
  const program = deviceProgram(policy);
  const cases: [string, 'b' | 'c', number, number, boolean][] = [
    ['rw', 'c', 1, 3, true],
    ['m', 'c', 200, 200, true],
    ['r', 'c', 200, 200, false],
    ['r', 'b', 8, 16, true],
    ['w', 'b', 8, 16, false],
    ['rm', 'b', 9, 0, false],
    ['rwm', 'c', 136, 5, true],
    ['r', 'c', 10, 200, false],
  ];
  for (const [access, type, major, minor, expected] of cases) {
    assert.equal(evaluate(program, { access, type, major, minor }), expected, `${type} ${major}:${minor} ${access}`);
  }
});

test('a program of denials strikes when any asked access is denied', () => {
  const program = deviceProgram({ isAllowed: true, exceptions: [{ type: 'c', major: 1, minor: 1, access: 'w' }] });
  assert.equal(evaluate(program, { access: 'rw', type: 'c', major: 1, minor: 1 }), false);
  assert.equal(evaluate(program, { access: 'r', type: 'c', major: 1, minor: 1 }), true);
  assert.equal(evaluate(program, { access: 'rw', type: 'c', major: 1, minor: 2 }), true);
});

/** An eBPF machine of the few instructions in use. @source kernel bpf/standardization/instruction-set.rst */
function evaluate(
  program: Uint8Array,
  asked: { access: string; type: 'b' | 'c'; major: number; minor: number },
): boolean {
  const bits = [...asked.access].reduce((sum, letter) => sum | ({ m: 1, r: 2, w: 4 }[letter] ?? 0), 0);
  const memory = [(bits << 16) | (asked.type === 'b' ? 1 : 2), asked.major, asked.minor];
  const registers = new Array<number>(11).fill(0);
  const view = new DataView(program.buffer, program.byteOffset, program.length);
  for (let at = 0; at < program.length / 8; at++) {
    const code = view.getUint8(at * 8);
    const destination = view.getUint8(at * 8 + 1) & 15;
    const source = view.getUint8(at * 8 + 1) >> 4;
    const offset = view.getInt16(at * 8 + 2, true);
    const immediate = view.getInt32(at * 8 + 4, true);
    const value = registers[destination] ?? 0;
    if (code === 0x61) registers[destination] = memory[offset / 4] ?? Number.NaN;
    else if (code === 0xbc) registers[destination] = registers[source] ?? 0;
    else if (code === 0xb4) registers[destination] = immediate;
    else if (code === 0x54) registers[destination] = value & immediate;
    else if (code === 0x74) registers[destination] = value >>> immediate;
    else if (code === 0x56) at += value !== immediate ? offset : 0;
    else if (code === 0x16) at += value === immediate ? offset : 0;
    else if (code === 0x95) return registers[0] === 1;
    else throw new Error(`unknown instruction 0x${code.toString(16)}`);
  }
  throw new Error('the program has no end');
}
