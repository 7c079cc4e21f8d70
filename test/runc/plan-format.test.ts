// The plan's binary form: what is written is read back, what is not exact is refused, and C's header is that of the table.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { decodePlan } from '../../src/runc/plan/decode.ts';
import { encodePlan } from '../../src/runc/plan/encode.ts';
import type { Plan } from '../../src/runc/plan/format.ts';
import { headerPath, operationsHeader } from '../../src/runc/plan/generate-header.ts';
import { operations } from '../../src/runc/plan/operations.ts';

const plan: Plan = {
  sha256: '0123456789abcdef'.repeat(4),
  containerId: 'web',
  kind: 'container',
  ociVersion: '1.2.0',
  rootfs: 'rootfs',
  terminal: true,
  annotations: { 'org.example': 'a "quoted" wörd' },
  operations: [
    { name: 'clone', actor: 'runtime', cause: '/linux/namespaces', arguments: { flags: 0x2c020000n } },
    {
      name: 'seccomp',
      actor: 'init',
      cause: '/linux/seccomp',
      arguments: { program: new Uint8Array([1, 2, 3, 4, 5, 6, 7, 8]), flags: 0n },
    },
    { name: 'capset', actor: 'init', cause: '', arguments: { effective: 2n ** 63n, permitted: 0n, inheritable: 0n } },
    { name: 'exec', actor: 'init', cause: '/process/args', arguments: { argv: ['sh', '-c', ''], env: [] } },
  ],
};

test('a plan is read back as it was written', () => {
  const read = decodePlan(encodePlan(plan));
  assert.deepEqual(
    { ...read, operations: read.operations.map(plain) },
    { ...plan, operations: plan.operations.map(plain) },
  );
});

/** Buffers and arrays of bytes compare alike. */
const plain = (operation: Plan['operations'][number]): unknown => ({
  ...operation,
  arguments: Object.entries(operation.arguments).map(([name, value]) => [
    name,
    value instanceof Uint8Array ? [...value] : value,
  ]),
});

test('every truncation is refused', () => {
  const bytes = encodePlan(plan);
  for (let length = 0; length < bytes.length; length++) {
    assert.throws(() => decodePlan(bytes.subarray(0, length)), { kind: 'invalidArgument' }, `cut at ${length}`);
  }
});

test('a newer version, an unknown operation and padding that is not zero are refused by name', () => {
  const changed = (at: number, byte: number): Uint8Array => encodePlan(plan).map((was, i) => (i === at ? byte : was));
  assert.throws(() => decodePlan(changed(8, 2)), /version 2, this tlab reads 1/);
  const withUnknown = encodePlan(plan);
  const clone = Buffer.from(withUnknown).indexOf(Buffer.from([operations.clone.code, 0, 0, 0]));
  assert.throws(() => decodePlan(changed(clone, 250)), /operation 250 is not known/);
  assert.throws(() => decodePlan(changed(clone + 2, 7)), /operation clone has no such actor/);
  // "web" ends at the first byte of its padding.
  const web = Buffer.from(withUnknown).indexOf('web');
  assert.throws(() => decodePlan(changed(web + 3, 1)), /padding is not zero/);
});

test('what cannot be written exactly is refused', () => {
  assert.throws(() => encodePlan({ ...plan, rootfs: 'a\0b' }), /a NUL cannot be in an argument/);
  assert.throws(() => encodePlan({ ...plan, sha256: 'short' }), /expected a sha256 in hex/);
});

test('operation codes are unique, and the C header is that of the table', () => {
  const codes = Object.values(operations).map(({ code }) => code);
  assert.equal(new Set(codes).size, codes.length);
  assert.equal(readFileSync(headerPath, 'utf8'), operationsHeader(), 'run node src/runc/plan/generate-header.ts');
});
