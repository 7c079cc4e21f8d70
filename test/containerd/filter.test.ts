import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fieldsOf, parseFilters } from '../../src/containerd/metadata/filter.ts';

const web = fieldsOf(
  { name: 'web', image: 'docker.io/library/nginx:latest' },
  { tier: 'front', 'com.example/a.b': 'yes' },
);

const selects = (...filters: string[]): boolean => parseFilters(filters)(web);

test('no filter selects everything', () => {
  assert.ok(selects());
  assert.ok(selects(''));
});

test('equality, inequality and regular expressions compare a field', () => {
  assert.ok(selects('name==web'));
  assert.ok(!selects('name==db'));
  assert.ok(selects('name!=db'));
  assert.ok(selects('image~=nginx'));
  assert.ok(selects('image~=/^docker\\.io\\//'));
  assert.ok(!selects('image~="^nginx"'));
});

test('a comma means and, several filters mean or', () => {
  assert.ok(!selects('name==web,labels.tier==back'));
  assert.ok(selects('name==db', 'labels.tier==front'));
});

test('a field alone asks whether it is there; label names may be quoted', () => {
  assert.ok(selects('labels.tier'));
  assert.ok(!selects('labels.other'));
  assert.ok(selects('labels."com.example/a.b"==yes'));
  assert.ok(selects('labels."com.example/a.b"=="yes"'));
});

for (const broken of [
  '==x',
  'name==',
  'name==a b',
  'name=~x',
  'name==a,',
  'name~="("',
  'name=="open',
  '"',
  'x'.repeat(5000),
]) {
  test(`${JSON.stringify(broken.slice(0, 20))} is refused as a filter`, () => {
    assert.throws(() => parseFilters([broken]), { kind: 'invalidArgument' });
  });
}
