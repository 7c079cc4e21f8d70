// Scripts made of traces that somebody else wrote. Every text of a recorded trace is spoiled in turn, with what a shell would run if a quote
// were missing; the scripts are then run, as nobody and with nothing that could stop them early.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { describe, test } from 'node:test';
import { twinScript } from '../../src/explain/twin.ts';
import type { Trace } from '../../src/trace/file.ts';
import { readTraceFile } from '../../src/trace/read.ts';
import { hasItsShape } from '../../src/trace/shape.ts';

const recorded = await readTraceFile(new URL('../../traces/run-nginx.jsonl', import.meta.url).pathname);

const payloads = [
  '$(canary)',
  '`canary`',
  "';canary;'",
  '";canary;"',
  '\ncanary\n#',
  '};canary;#',
  " ' canary",
  '\nEND_OF_INIT\ncanary\n#',
];

/** Without these there is no container to make a script of, or another one. */
const leading = new Set(['operation', 'method', 'rootfs', 'errno']);

type Spoil = (text: string) => string;

/** The value with every text below it spoiled whose place is wanted; `places` collects all of them. */
function spoiled(value: unknown, place: string, spoil: (place: string, text: string) => string): unknown {
  if (typeof value === 'string') return spoil(place, value);
  if (Array.isArray(value)) return value.map((one) => spoiled(one, `${place}[]`, spoil));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, one]) => [
      key,
      leading.has(key) ? one : spoiled(one, `${place}.${key.startsWith('/') ? '/' : key}`, spoil),
    ]),
  );
}

function traceWith(spoil: (place: string, text: string) => string): Trace {
  const { header } = recorded;
  return {
    ...recorded,
    header: {
      ...header,
      id: spoil('id', header.id),
      command: header.command.map((one) => spoil('command', one)),
      tool: { tlab: spoil('tool', header.tool.tlab), node: header.tool.node },
      processes: header.processes.map((one) => ({ ...one, stage: spoil('stage', one.stage) })),
    },
    events: recorded.events.map((event) => {
      const changed = { ...event, data: spoiled(event.data, event.type, spoil) as Record<string, unknown> };
      if (event.twin !== undefined) changed.twin = spoil(`${event.type} twin`, event.twin);
      if (event.cause !== undefined) changed.cause = `flag:--${spoil(`${event.type} cause`, event.cause)}`;
      return hasItsShape(changed) ? changed : event;
    }),
  };
}

const places = new Set<string>();
traceWith((place, text) => {
  places.add(place);
  return text;
});

const scriptOf = (trace: Trace): string | undefined => {
  try {
    return twinScript(trace).join('\n');
  } catch {
    return undefined; // refused
  }
};

/** Places whose text comes into the script, which stays about as long as it was. */
function reaching(spoil: Spoil): Set<string> {
  const whole = scriptOf(recorded)?.length ?? 0;
  return new Set(
    [...places].filter((wanted) => {
      const script = scriptOf(traceWith((place, text) => (place === wanted ? spoil(text) : text)));
      return script?.includes('canary') && script.length > 0.9 * whole;
    }),
  );
}

/** What runs when nothing ends the script early: its own body, the part inside, and what it wrote to take back. */
function outcome(script: string): string {
  const [, inside = ''] = /<<'END_OF_INIT'\n(.*?)\nEND_OF_INIT\n/s.exec(script) ?? [];
  const tireless = (text: string): string =>
    text
      .replace(/^set -eu$/gm, 'set +e')
      .replace(/^die\(\) .*$/gm, 'die() { :; }')
      .replace(/^trap .*$/gm, '')
      .replace(/\bexit \$status|\bexit 1|; exit;/g, ':;')
      .replace(/^exec (setpriv|unshare) /gm, '$1 ')
      .replace('read -r ANSWER REST <&4', 'ANSWER=none')
      .replace('[ -O "$DIR" ] && [ -O "$DIR/undo" ] ||', ':');
  const folder = mkdtempSync(`${tmpdir()}/twin-hostile-`);
  chmodSync(folder, 0o777);
  try {
    const canary = `canary() { echo CANARY-RAN >&2; }`;
    const input = `${canary}\n${tireless(script)}\nclean\nROOTFS=$DIR/rootfs\n${tireless(inside)}\n`;
    const nobody = process.getuid?.() === 0 ? { uid: 65_534, gid: 65_534 } : {};
    const env = { PATH: '/usr/bin:/bin', DIR: `${folder}/x`, LAYERS: '/nonexistent' };
    const ran = spawnSync('sh', { input, env, cwd: folder, encoding: 'utf8', timeout: 60_000, ...nobody });
    assert.equal(ran.error, undefined, ran.stderr);
    return ran.stderr;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

describe('the twin of a hostile trace', () => {
  test('is looked at where it matters', () => {
    const found = reaching((text) => `${text}$(canary)`);
    assert.ok(found.size > 20, [...found].join('\n'));
    const script = scriptOf(recorded)?.replace('set -eu', 'set -eu\ncanary') ?? '';
    assert.match(outcome(script), /CANARY-RAN/, 'a script that runs it is told apart');
  });

  const ways: Array<[string, (payload: string) => Spoil]> = [
    ['behind', (payload) => (text) => text + payload],
    ['before', (payload) => (text) => payload + text],
  ];
  for (const [way, spoilWith] of ways) {
    const wanted = reaching(spoilWith('$(canary)'));
    for (const payload of payloads) {
      test(`runs nothing of it: ${JSON.stringify(payload)} ${way} each text`, () => {
        const spoil = spoilWith(payload);
        const script = scriptOf(traceWith((place, text) => (wanted.has(place) ? spoil(text) : text))) ?? '';
        assert.match(script, /canary/);
        assert.equal(script.match(/^END_OF_INIT$/gm)?.length, 1);
        assert.doesNotMatch(script, /^canary/m);
        const { status, stderr } = spawnSync('sh', ['-n'], { input: script, encoding: 'utf8' });
        assert.deepEqual([status, stderr], [0, '']);
        assert.doesNotMatch(outcome(script), /CANARY-RAN/);
      });
    }
  }
});
