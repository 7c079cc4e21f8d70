// An error that comes as a line of progress is the error that the daemon threw.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LabError } from '../../src/base/errors.ts';
import { archiveFrom, throwIfFailed } from '../../src/cli/run/archive.ts';

const thrown = (body: () => unknown): LabError => {
  try {
    body();
  } catch (error) {
    if (error instanceof LabError) return error;
  }
  throw new Error('nothing was thrown');
};

test('kind and hint of an error in progress are those of the daemon; Docker tells none', () => {
  throwIfFailed({ status: 'Downloading' });
  const told = thrown(() => throwIfFailed({ error: 'bad', errorKind: 'dataLoss', hint: 'get another' }));
  assert.deepEqual([told.kind, told.message, told.hint], ['dataLoss', 'bad', 'get another']);
  assert.equal(thrown(() => throwIfFailed({ error: 'bad' })).kind, 'internal');
  assert.equal(thrown(() => throwIfFailed({ error: 'bad' }, 'notFound')).kind, 'notFound');
});

test('a file that is not there is told before the daemon is asked', () => {
  const told = thrown(() => archiveFrom('/nowhere/a.tar'));
  assert.deepEqual([told.kind, told.message], ['notFound', 'open /nowhere/a.tar: no such file or directory']);
});
