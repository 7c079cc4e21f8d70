// What config.json may not ask: each refusal names the pointer, the value and what was needed.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LabError } from '../../src/base/errors.ts';
import { compileBundle } from '../../src/runc/compile.ts';
import { defaultSpec } from '../../src/runc/default-spec.ts';
import { compile, type Edit, hostWith, named } from './host.ts';
import { refusedProcesses } from './refused-documents.ts';
import { refusedLinux } from './refused-linux.ts';

for (const [title, edit, message, kind = 'invalidArgument'] of [...refusedProcesses, ...refusedLinux]) {
  test(`refuses ${title}`, () => {
    assert.throws(
      () => compile(edit),
      (error) =>
        error instanceof LabError &&
        error.kind === kind &&
        message.test(error.message) &&
        error.message.startsWith('config.json /'),
    );
  });
}

test('refuses an id that could lead elsewhere', () => {
  const config = JSON.stringify(defaultSpec());
  for (const id of ['..', '.', '', 'a/b', 'a\0b', '../x']) {
    assert.throws(
      () => compileBundle({ id, bundle: '/bundle', config, host: hostWith() }),
      /container id .* expected letters/,
    );
  }
});

test('refuses to raise a hard limit only where CAP_SYS_RESOURCE is missing', () => {
  const edit: Edit = (c) => {
    c.process.rlimits = [{ type: 'RLIMIT_NOFILE', soft: 1024, hard: 1048576 }];
  };
  const withoutResource = hostWith({ effectiveCapabilities: ((1n << 41n) - 1n) & ~(1n << 24n) });
  assert.throws(
    () => compile(edit, withoutResource),
    /rlimits\/0\/hard: 1048576: this host allows at most 20000 and has no CAP_SYS_RESOURCE/,
  );
  assert.deepEqual(named(compile(edit).operations, 'rlimit'), [{ resource: 7, soft: 1024n, hard: 1048576n }]);
});
