// ARG scopes, metadata instructions, the plan of stages and the words of RUN: what a build decides before it executes anything.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LabError } from '../../../src/base/errors.ts';
import { ArgumentScope, GivenArguments } from '../../../src/daemon/build/arguments.ts';
import { type MetadataResult, metadataInstructions, workingDirectory } from '../../../src/daemon/build/metadata.ts';
import { planBuild } from '../../../src/daemon/build/plan.ts';
import { parseBuildRequest } from '../../../src/daemon/build/request.ts';
import { commandLine } from '../../../src/daemon/build/steps/command-line.ts';
import { parseDockerfile } from '../../../src/dockerfile/parse.ts';
import { expandWord } from '../../../src/dockerfile/words.ts';
import type { RunConfig } from '../../../src/oci/image.ts';

test('an argument has the value of --build-arg, else its default, else that of the global one', () => {
  const given = new GivenArguments(new Map([['A', 'given']]));
  const scope = new ArgumentScope(given, new Map([['C', 'global']]));
  scope.declare('A', 'own');
  scope.declare('B', 'own');
  scope.declare('C', undefined);
  scope.declare('D', undefined);
  assert.deepEqual(scope.entries(), [
    ['A', 'given'],
    ['B', 'own'],
    ['C', 'global'],
  ]);
  assert.equal(scope.get('E'), undefined);
});

test('what no ARG names is told, proxies and SOURCE_DATE_EPOCH apart', () => {
  const given = new GivenArguments(
    new Map([
      ['USED', '1'],
      ['TYPO', '1'],
      ['http_proxy', 'http://proxy'],
      ['SOURCE_DATE_EPOCH', '0'],
    ]),
  );
  const scope = new ArgumentScope(given, new Map());
  scope.declare('USED', undefined);
  assert.deepEqual(given.unused(), ['TYPO']);
  assert.deepEqual(scope.entries(), [['USED', '1']]);
  assert.deepEqual([...given.predefined()], [['http_proxy', 'http://proxy']]);
});

/** The configuration after the instructions of one stage. */
function configOf(lines: string, start: RunConfig = {}): RunConfig {
  const { stages } = parseDockerfile(`FROM scratch\n${lines}\n`);
  let config = start;
  let isCmdOwn = false;
  for (const instruction of stages[0]?.instructions ?? []) {
    const lookup = (name: string) =>
      (config.Env ?? []).find((one) => one.startsWith(`${name}=`))?.slice(name.length + 1);
    const expand = (word: string) => expandWord(word, lookup).value;
    const result: MetadataResult | undefined = metadataInstructions[instruction.keyword]?.(instruction, {
      config,
      expand,
      isCmdOwn,
    });
    isCmdOwn ||= result?.isCmdOwn ?? false;
    config = result?.config ?? config;
  }
  return config;
}

test('instructions change the configuration as Docker does', () => {
  const config = configOf(
    [
      'ENV A=1 B="x y"',
      'ENV A=2 C=$A',
      'LABEL one=1 "two words"=\'2 3\'',
      'EXPOSE 80 8000-8001/udp 80/tcp',
      'VOLUME /data /more',
      'VOLUME ["/json path"]',
      'USER daemon:root',
      'STOPSIGNAL SIGQUIT',
      'SHELL ["/bin/bash", "-o", "pipefail", "-c"]',
      'CMD echo $A',
      'ENTRYPOINT ["/init"]',
      'HEALTHCHECK --interval=1m30s --timeout=500ms --retries=3 CMD ["true"]',
      'ONBUILD RUN echo trigger',
    ].join('\n'),
  );
  assert.deepEqual(config, {
    Env: ['A=2', 'B=x y', 'C=1'],
    Labels: { one: '1', 'two words': '2 3' },
    ExposedPorts: { '80/tcp': {}, '8000/udp': {}, '8001/udp': {} },
    Volumes: { '/data': {}, '/more': {}, '/json path': {} },
    User: 'daemon:root',
    StopSignal: 'SIGQUIT',
    Shell: ['/bin/bash', '-o', 'pipefail', '-c'],
    Cmd: ['/bin/bash', '-o', 'pipefail', '-c', 'echo $A'],
    Entrypoint: ['/init'],
    Healthcheck: { Test: ['CMD', 'true'], Interval: 90e9, Timeout: 5e8, Retries: 3 },
    OnBuild: ['RUN echo trigger'],
  });
});

test("ENTRYPOINT forgets the base image's CMD and keeps the stage's own", () => {
  assert.equal(configOf('ENTRYPOINT ["/a"]', { Cmd: ['of the base'] }).Cmd, undefined);
  assert.deepEqual(configOf('CMD ["own"]\nENTRYPOINT ["/a"]', { Cmd: ['of the base'] }).Cmd, ['own']);
});

test('a working directory is relative to the one before and clean', () => {
  assert.equal(workingDirectory({}, 'app'), '/app');
  assert.equal(workingDirectory({ WorkingDir: '/a/b' }, '../c/'), '/a/c');
  assert.equal(workingDirectory({ WorkingDir: '/a' }, '/x//y/.'), '/x/y');
});

const stages = `FROM scratch AS base
RUN one
FROM base AS tools
RUN two
FROM scratch AS unused
RUN three
FROM scratch
COPY --from=tools /a /a
RUN --mount=type=bind,from=0,target=/m true
`;
const plan = (target?: string) =>
  planBuild(parseDockerfile(stages), target, ({ from }) =>
    from.arguments.kind === 'from' ? from.arguments.image : '',
  );

test('only stages that the target needs are planned, and their steps numbered', () => {
  const whole = plan();
  assert.deepEqual(
    whole.needed.map(({ index }) => index),
    [0, 1, 3],
  );
  assert.deepEqual([...whole.firstStep.values()], [1, 3, 5]);
  assert.equal(whole.total, 7);
  assert.deepEqual(
    plan('TOOLS').needed.map(({ index }) => index),
    [0, 1],
  );
  assert.deepEqual(
    plan('2').needed.map(({ index }) => index),
    [2],
  );
  assert.throws(() => plan('nope'), /target stage "nope" could not be found/);
});

const runOf = (text: string) => {
  const instruction = parseDockerfile(`FROM scratch\n${text}\n`).stages[0]?.instructions[0];
  assert.ok(instruction);
  return commandLine(instruction, ['/bin/sh', '-c']);
};

test('a RUN is its words, its shell text, or its heredoc', () => {
  assert.deepEqual(runOf('RUN ["/a", "$B"]'), { argv: ['/a', '$B'] });
  assert.deepEqual(runOf('RUN echo $A'), { argv: ['/bin/sh', '-c', 'echo $A'] });
  assert.deepEqual(runOf('RUN <<EOF\necho 1\necho 2\nEOF'), { argv: ['/bin/sh', '-c', 'echo 1\necho 2\n'] });
  assert.deepEqual(runOf('RUN cat <<EOF > /x\nhello\nEOF'), { argv: ['/bin/sh', '-c', 'cat <<EOF > /x\nhello\nEOF'] });
  assert.deepEqual(runOf('RUN <<EOF\n#!/usr/bin/awk -f\nBEGIN {}\nEOF'), {
    argv: ['/dev/pipes/EOF'],
    script: '#!/usr/bin/awk -f\nBEGIN {}\n',
    path: '/dev/pipes/EOF',
  });
});

test('what the builder does not do is refused by name, before the context is read', () => {
  const refused = (query: string, pattern: RegExp) =>
    assert.throws(
      () => parseBuildRequest(new URLSearchParams(query)),
      (error: unknown) => error instanceof LabError && error.kind === 'notImplemented' && pattern.test(error.message),
    );
  refused('version=2', /BuildKit/);
  refused('remote=https://example.org/x.git', /remote context/);
  refused('squash=1', /--squash/);
  refused('cachefrom=["a"]', /--cache-from/);
  refused('platform=linux/s390x', /building for linux\/s390x/);
  refused('outputs=[{"Type":"local"}]', /outputs/);
});

test('the query is checked value by value', () => {
  const wrong = (query: string, pattern: RegExp) =>
    assert.throws(() => parseBuildRequest(new URLSearchParams(query)), pattern);
  wrong('buildargs=[]', /buildargs/);
  wrong('labels={"a":1}', /labels/);
  wrong('t=UPPER', /invalid reference format/);
  wrong('memory=lots', /memory "lots"/);
  const request = parseBuildRequest(
    new URLSearchParams(
      't=a&t=b:1&buildargs={"A":"1","B":null}&labels={"x":"y"}&memory=67108864&extrahosts=["h:1.2.3.4"]',
    ),
  );
  assert.deepEqual(request.tags, ['docker.io/library/a:latest', 'docker.io/library/b:1']);
  assert.deepEqual([...request.buildArguments], [['A', '1']]);
  assert.equal(request.host.Memory, 67108864);
  assert.deepEqual(request.host.ExtraHosts, ['h:1.2.3.4']);
});

test('STOPSIGNAL takes what stop can send, and nothing else', () => {
  assert.equal(configOf('STOPSIGNAL SIGRTMIN+3').StopSignal, 'SIGRTMIN+3');
  assert.throws(() => configOf('STOPSIGNAL SIGNOTHING'), /Invalid signal: SIGNOTHING/);
});
