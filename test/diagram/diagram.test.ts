// Drawings of machines and traces: mermaid, SVG and text say the same; what comes from a trace cannot break out of either.
import assert from 'node:assert/strict';
import { globSync } from 'node:fs';
import { test } from 'node:test';
import { type Drawing, mermaidOf, type Sequence, textOfDrawing } from '../../src/diagram/drawing.ts';
import { machineDrawing, machineToMermaid } from '../../src/diagram/machine.ts';
import { machines } from '../../src/diagram/machines.ts';
import { drawingOf, fullestOf, traceDrawings } from '../../src/diagram/of-trace.ts';
import { svgOf } from '../../src/diagram/svg.ts';
import { mostBeats } from '../../src/explain/beats.ts';
import { readTraceFile } from '../../src/trace/read.ts';
import { tlabProgram } from '../helpers/engine.ts';
import { run } from '../helpers/shell.ts';

const nginx = await readTraceFile('traces/run-nginx.jsonl');
const last = nginx.header.seen;

/** Tags that are opened and closed, attributes in quotes, nothing unescaped: enough of XML for what we write. */
function assertWellFormed(svg: string): void {
  const open: string[] = [];
  for (const [, end, name, isEmpty] of svg.matchAll(/<(\/?)([a-z]+)(?: [\w:-]+="[^"<]*")*(\/?)>/g)) {
    if (end === '/') assert.equal(open.pop(), name);
    else if (isEmpty !== '/') open.push(name ?? '');
  }
  assert.deepEqual(open, []);
  const rest = svg.replace(/<\/?[a-z]+(?: [\w:-]+="[^"<]*")*\/?>/g, '').replace(/&#\d+;/g, '');
  assert.doesNotMatch(rest, /[<&]/);
}

test('every machine of the engine has a name, and its picture has its states and transitions', async () => {
  const files = globSync('src/**/*.machine.ts');
  const found = new Set<string>();
  for (const file of files) {
    for (const value of Object.values(
      (await import(`../../${file}`)) as Record<string, { id?: string; root?: unknown }>,
    )) {
      if (typeof value === 'object' && value.root !== undefined) found.add(String(value.id));
    }
  }
  assert.deepEqual(Object.keys(machines).sort(), [...found].sort());
  for (const [name, { says, load }] of Object.entries(machines)) {
    const machine = await load();
    const drawing = machineDrawing(machine, says);
    assertWellFormed(svgOf(drawing));
    const words = textOfDrawing(drawing).join('\n');
    const arrows = machineToMermaid(machine).match(/^ *(?!\[)\S+ --> (?!\[)\S+: .*$/gm) ?? [];
    assert.equal(words.match(/ → /g)?.length, arrows.length, name);
  }
});

test('a story is a sequence of at most forty arrows, between the stages that the trace has', () => {
  const { arrows, actors } = drawingOf(nginx, 'sequence', last) as Sequence;
  assert.ok(arrows.length > 20 && arrows.length <= mostBeats);
  assert.deepEqual(actors, ['cli', 'daemon', 'containerd', 'shim', 'runc', 'kernel']);
  const create = arrows.find(({ says }) => says.startsWith('asks the daemon for a container'));
  assert.deepEqual([create?.from, create?.to], ['cli', 'daemon']);
  const clone = arrows.find(({ says }) => says.startsWith('clones process 1'));
  assert.deepEqual([clone?.from, clone?.to], ['runc', 'kernel']);
});

test('the network leads from the host over bridge and veth to each container; mounts lie below their folders', async () => {
  const network = textOfDrawing(drawingOf(nginx, 'network', last)).join('\n');
  assert.match(
    network,
    /1\. host\n1\.1\. bridge tlab0, 172\.17\.0\.1\/16\n1\.1\.1\. veth tlab-\w+\n1\.1\.1\.1\. container nginx, eth0/,
  );
  assert.match(network, /2\.1\. .*--dport 8080 -j DNAT --to-destination 172\.17\.0\.2:80/);
  const two = await readTraceFile('traces/two-containers.jsonl');
  const both = two.events.findLast(
    ({ type, data }) => type === 'kernel.netlink-sent' && data.message === 'RTM_NEWROUTE',
  );
  const containers = textOfDrawing(drawingOf(two, 'network', both?.seq ?? 0)).filter((line) =>
    / container /.test(line),
  );
  assert.equal(new Set(containers.map((line) => line.split(' container ')[1])).size, 2);
  const mounts = textOfDrawing(drawingOf(nginx, 'mounts', last)).join('\n');
  const [, dev = ''] = /^([\d.]+) \/dev {2}tmpfs/m.exec(mounts) ?? [];
  assert.match(mounts, new RegExp(`^${dev.replaceAll('.', '\\.')}\\d+\\. /dev/pts {2}devpts`, 'm'));
  const layers = textOfDrawing(drawingOf(nginx, 'layers', last)).at(-1);
  assert.match(layers ?? '', /^2\.1\.1\.1\.1\. active \{nginx\}/);
});

test('without an event, a drawing is of the moment when there was most of it: containers that are gone at the end are in it', async () => {
  const two = await readTraceFile('traces/two-containers.jsonl');
  const seq = fullestOf(two, 'network');
  const containers = (at: number): number =>
    textOfDrawing(drawingOf(two, 'network', at)).filter((line) => / container /.test(line)).length;
  assert.deepEqual([containers(seq), containers(two.header.seen)], [2, 0]);
});

test('a way out of a state says where it leads; only those that lead elsewhere have a line', () => {
  const svg = svgOf({
    kind: 'states',
    title: 't',
    initial: 'a',
    states: [
      {
        name: 'a',
        isFinal: false,
        exits: [
          { to: 'b', says: 'GO' },
          { to: 'a', says: 'WAIT' },
        ],
      },
      { name: 'b', isFinal: true, exits: [] },
    ],
  });
  assert.match(svg, />GO → b</);
  assert.match(svg, />WAIT: stays</);
  assert.equal(svg.match(/<polyline/g)?.length, 3, 'into a, from a, into b');
});

test('every drawing of a trace is well-formed SVG with a title and its text, for light and dark', () => {
  for (const of of traceDrawings) {
    const svg = svgOf(drawingOf(nginx, of, last));
    assertWellFormed(svg);
    assert.match(svg, /<title id="title">.*nginx.*<\/title>\n<desc id="text">1\. /);
    assert.match(svg, /prefers-color-scheme: dark/);
  }
});

test('text of a trace stays text, in SVG and in mermaid', () => {
  const evil = '</text><script>alert(1)</script>";\n  a0->>a1: forged #35; \u001b[31m';
  const drawings: Drawing[] = [
    { kind: 'sequence', title: evil, actors: ['cli', 'daemon'], arrows: [{ from: 'cli', to: 'daemon', says: evil }] },
    { kind: 'tree', title: evil, roots: [{ says: evil, children: [{ says: evil, children: [] }] }] },
  ];
  for (const drawing of drawings) {
    const svg = svgOf(drawing);
    assertWellFormed(svg);
    assert.ok(!svg.includes('<script') && !svg.includes('\u001b'));
    if (drawing.kind === 'states') continue;
    const lines = mermaidOf(drawing);
    assert.ok(lines.every((line) => !/[<>"](?=.*script)/.test(line.replace(/^ {2}\w+(->>\w+: |\["|\])/, ''))));
    assert.ok(
      lines.every((line) => !line.includes('\n')),
      'one line each',
    );
  }
});

test('the command draws, writes a file, lists machines, and refuses what does not go together', async () => {
  const [list, drawn, wrong, missing] = await Promise.all([
    run(tlabProgram, ['diagram']),
    run(tlabProgram, ['diagram', '--of', 'network', '--text', 'traces/run-nginx.jsonl']),
    run(tlabProgram, ['diagram', 'container', '--of', 'network']),
    run(tlabProgram, ['diagram', 'traces/none.jsonl']),
  ]);
  assert.match(list.stdout, /^container +a container/m);
  assert.match(drawn.stdout, /bridge tlab0/);
  assert.equal(wrong.status, 2);
  assert.notEqual(missing.status, 0);
});
