import assert from 'node:assert/strict';
import { test } from 'node:test';
import { cgroupLayout, hostFacts } from '../../src/kernel/facts.ts';

test('every fact says what was seen and what is needed, and what to do when it is not there', () => {
  for (const fact of hostFacts()) {
    assert.notEqual(fact.seen, '', fact.id);
    assert.notEqual(fact.needed, '', fact.id);
    if (fact.state === 'missing' || fact.state === 'degraded') assert.ok(fact.advice, fact.id);
  }
});

test('facts have names of their own', () => {
  const ids = hostFacts().map((fact) => fact.id);
  assert.equal(new Set(ids).size, ids.length);
});

test('a cgroup layout comes with controllers', () => {
  const { layout, controllers } = cgroupLayout();
  assert.equal(layout === 'none', controllers.length === 0);
});
