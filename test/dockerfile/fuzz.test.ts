// Dockerfiles of garbage: each is taken or refused with its line, and nothing takes long. `npm run fuzz -- dockerfile SECONDS` goes on from here.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { dockerfileOf, examine } from '../helpers/dockerfile-fuzz.ts';

test('four thousand Dockerfiles out of a generator are read or refused with a line', () => {
  let taken = 0;
  for (let seed = 1; seed <= 4_000; seed++) {
    const text = dockerfileOf(seed);
    const { finding, isTaken } = examine(text);
    assert.equal(finding, undefined, `seed ${seed}: ${JSON.stringify(text.slice(0, 500))}`);
    if (isTaken) taken++;
  }
  assert.ok(taken > 100, `the generator is near enough to the language: ${taken} are taken`);
});

test('long and deep texts are read in time', () => {
  const hostile = [
    'RUN '.repeat(100_000),
    `FROM x\nENV A=${'$'.repeat(200_000)}`,
    `FROM x\nENV A=${'${A:-'.repeat(3000)}x${'}'.repeat(3000)}`,
    `FROM x\nCOPY ${'*'.repeat(50_000)} /`,
    `FROM x\nRUN ${'<<A '.repeat(2000)}\n${'A\n'.repeat(2000)}`,
    `FROM x\n${'\\\n'.repeat(100_000)}`,
    `FROM x\nRUN ${'a\\\n'.repeat(50_000)}`,
    `FROM x\nLABEL ${'"'.repeat(100_001)}`,
    `FROM x\nCMD ${'['.repeat(100_000)}`,
    `FROM x\n${'ONBUILD '.repeat(20_000)}RUN a`,
    `FROM x\nRUN --mount=${'type=cache,'.repeat(20_000)}target=/x a`,
    '\u0000'.repeat(100_000),
    `${'*a'.repeat(50)}b`,
    `**/${'*/'.repeat(2000)}x`,
  ];
  for (const text of hostile)
    assert.equal(examine(text).finding?.slice(0, 2000), undefined, JSON.stringify(text.slice(0, 80)));
});
