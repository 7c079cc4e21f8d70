import assert from 'node:assert/strict';
import { test } from 'node:test';
import { humanDuration } from '../../src/base/time.ts';
import { csvOf } from '../../src/cli/format/csv.ts';
import { filterQuery } from '../../src/cli/format/filters.ts';
import { namesOrIds } from '../../src/cli/format/images.ts';
import { type Listing, listingLines } from '../../src/cli/format/listing.ts';
import { portsText } from '../../src/cli/format/ports.ts';
import { tableLines } from '../../src/cli/format/table.ts';
import { parseTemplate } from '../../src/cli/format/template.ts';
import { humanSize } from '../../src/cli/format/words.ts';
import { detachFilter } from '../../src/cli/run/detach-keys.ts';
import { splitReference } from '../../src/cli/run/pull.ts';

const value = {
  Name: '/web',
  State: { Running: true, ExitCode: 0 },
  Env: ['A=1', 'B=2'],
  Ports: { '80/tcp': [{ HostIp: '0.0.0.0', HostPort: '8080' }], '81/tcp': null },
};

const templates: Array<[template: string, text: string]> = [
  ['{{.Name}}', '/web'],
  ['{{.State.Running}} {{.State.ExitCode}}', 'true 0'],
  ['{{json .Env}}', '["A=1","B=2"]'],
  ['{{.Env}}', '[A=1 B=2]'],
  ['{{index .Env 1}}', 'B=2'],
  ['{{(index (index .Ports "80/tcp") 0).HostPort}}', '8080'],
  ['{{range .Env}}<{{.}}>{{end}}', '<A=1><B=2>'],
  ['{{range $i, $e := .Env}}{{$i}}={{$e}};{{end}}', '0=A=1;1=B=2;'],
  ['{{range .Nothing}}x{{else}}none{{end}}', ''],
  ['{{if .State.Running}}up{{else}}down{{end}}', 'up'],
  ['{{if eq .State.ExitCode 1}}a{{else if eq .State.ExitCode 0}}b{{end}}', 'b'],
  ['{{with .State}}{{.ExitCode}}{{end}}', '0'],
  ['{{.Name | upper | printf "%s!"}}', '/WEB!'],
  ['{{len .Env}} {{join .Env ","}}', '2 A=1,B=2'],
  ['a\\tb', 'a\tb'],
  ['{{/* nothing */}}x {{- "y"}}', 'xy'],
];
for (const [template, expected] of templates.filter(([template]) => !template.includes('.Nothing'))) {
  test(`the template ${template} gives ${JSON.stringify(expected)}`, () => {
    assert.equal(parseTemplate(template)(value), expected);
  });
}

for (const bad of [
  '{{.Foo}}',
  '{{',
  '{{if .Name}}',
  '{{end}}',
  '{{nofunction .}}',
  '{{index .Env 9}}',
  '{{.State.No.Deeper}}',
]) {
  test(`the template ${bad} is refused as usage`, () => {
    assert.throws(() => parseTemplate(bad)(value), { kind: 'usage' });
  });
}

test('a template reaches no member that the value does not own', () => {
  assert.throws(() => parseTemplate('{{.constructor}}')(value), { kind: 'usage' });
  assert.throws(() => parseTemplate('{{constructor .}}')(value), { kind: 'usage' });
});

const listing: Listing<{ id: string; name: string }> = {
  rows: [{ id: 'abc', name: 'web' }],
  fields: { ID: (row) => row.id, Names: (row) => row.name },
  shown: ['ID', 'Names'],
  headings: { ID: 'CONTAINER ID' },
  id: (row) => row.id,
};
const choice = { format: undefined, json: false, quiet: false };

test('a listing is a table, ids, a template, a table of a template, or json', () => {
  assert.deepEqual(listingLines(listing, choice, undefined), ['CONTAINER ID   NAMES', 'abc            web']);
  assert.deepEqual(listingLines(listing, { ...choice, quiet: true }, undefined), ['abc']);
  assert.deepEqual(listingLines(listing, { ...choice, format: '{{.Names}}' }, undefined), ['web']);
  assert.deepEqual(listingLines(listing, { ...choice, format: 'table {{.Names}}\t{{.ID}}' }, undefined), [
    'NAMES     CONTAINER ID',
    'web       abc',
  ]);
  assert.deepEqual(listingLines(listing, { ...choice, format: 'json' }, undefined), ['{"ID":"abc","Names":"web"}']);
});

test('a table that is too wide for the terminal is shortened with a mark, and never in a pipe', () => {
  const rows = [
    ['NAME', 'TEXT'],
    ['x'.repeat(60), 'y'.repeat(30)],
  ];
  assert.ok(tableLines(rows, 80).every((line) => [...line].length <= 80));
  assert.match(tableLines(rows, 80)[1] ?? '', /…/);
  assert.doesNotMatch(tableLines(rows, undefined)[1] ?? '', /…/);
});

test('a listing leaves out what it can spare where the terminal is too narrow, one column after the other, and only there', () => {
  const wide = {
    ...listing,
    fields: {
      ...listing.fields,
      Command: () => 'c'.repeat(20),
      Since: () => 's'.repeat(20),
      Ports: () => 'p'.repeat(20),
    },
    shown: ['ID', 'Command', 'Since', 'Ports', 'Names'],
    expendable: ['Command', 'Since'],
  };
  const headings = (fitTo: number | undefined): string[] => (listingLines(wide, choice, fitTo)[0] ?? '').split(/ {2,}/);
  assert.deepEqual(headings(undefined), ['CONTAINER ID', 'COMMAND', 'SINCE', 'PORTS', 'NAMES']);
  assert.deepEqual(headings(89), ['CONTAINER ID', 'COMMAND', 'SINCE', 'PORTS', 'NAMES']);
  assert.deepEqual(headings(88), ['CONTAINER ID', 'SINCE', 'PORTS', 'NAMES']);
  assert.deepEqual(headings(65), ['CONTAINER ID', 'PORTS', 'NAMES']);
  assert.match(listingLines(wide, choice, 65)[1] ?? '', /^abc +p{20} +web$/);
});

test('a long last column is cut before the others are', () => {
  const rows = [
    ['ID', 'RECORDED', 'COMMAND'],
    ['7a3c24b2f677', 'About a minute ago', 'x'.repeat(100)],
  ];
  const [, line = ''] = tableLines(rows, 60);
  assert.match(line, /About a minute ago +x+…$/);
  assert.equal([...line].length, 60);
});

test('ports are grouped into ranges, those with another number last', () => {
  const udp = (port: number) => ({ IP: '0.0.0.0', PrivatePort: port, PublicPort: port, Type: 'udp' as const });
  const web = { IP: '::', PrivatePort: 80, PublicPort: 8080, Type: 'tcp' as const };
  assert.equal(portsText([web, udp(91), udp(90), udp(92)]), '0.0.0.0:90-92->90-92/udp, [::]:8080->80/tcp');
  assert.equal(portsText([{ PrivatePort: 80, Type: 'tcp' }]), '80/tcp');
});

test('a template may use the names of structs of Docker, and miss what a map does not have', () => {
  const event = { id: 'abc', Type: 'container', Actor: { ID: 'abc', Attributes: { name: 'web' } } };
  assert.equal(parseTemplate('{{.ID}} {{.Actor.Attributes.name}}')(event), 'abc web');
  assert.equal(parseTemplate('{{.Actor.Attributes.exitCode}}')(event), '<no value>');
  assert.throws(() => parseTemplate('{{.type}}')(event), /there is no field \.type/);
});

test('durations and sizes are in the words of docker', () => {
  assert.deepEqual([0.4, 1, 59, 60, 3600, 3 * 3600, 50 * 3600, 20 * 86400].map(humanDuration), [
    'Less than a second',
    '1 second',
    '59 seconds',
    'About a minute',
    'About an hour',
    '3 hours',
    '2 days',
    '2 weeks',
  ]);
  assert.equal(humanSize(1_976_123, 3), '1.98MB');
});

test('filters of one key are joined in one list', () => {
  assert.equal(
    filterQuery([
      ['status', 'exited'],
      ['status', 'created'],
    ]),
    '{"status":["exited","created"]}',
  );
  assert.equal(filterQuery([]), undefined);
});

test('typed bytes of an unfinished detach sequence reach the container', () => {
  const filter = detachFilter();
  assert.deepEqual(filter.push(Buffer.from('a\x10')), { pass: Buffer.from('a'), detach: false });
  assert.deepEqual(filter.push(Buffer.from('b')), { pass: Buffer.from('\x10b'), detach: false });
  assert.equal(filter.push(Buffer.from('\x10\x11')).detach, true);
});

test('a reference splits into name and tag or digest, a port is no tag', () => {
  assert.deepEqual(splitReference('localhost:5000/a'), { fromImage: 'localhost:5000/a', tag: 'latest' });
  assert.deepEqual(splitReference('nginx:1'), { fromImage: 'nginx', tag: '1' });
  assert.deepEqual(splitReference('nginx@sha256:ab'), { fromImage: 'nginx', tag: 'sha256:ab' });
});

test('a cell of a table is one line without control characters, whoever wrote it', () => {
  const listing = {
    rows: [{ step: 'RUN a\n  b\u001b[31m' }],
    fields: { STEP: ({ step }: { step: string }) => step },
    shown: ['STEP'],
    headings: {},
    id: () => '',
  };
  const choice = { format: undefined, json: false, quiet: false };
  assert.deepEqual(listingLines(listing, choice, undefined), ['STEP', 'RUN a b\\x1b[31m']);
});

test('images that share something are named; one without a name has its short id', () => {
  const id = `sha256:${'ab12'.repeat(16)}`;
  assert.equal(namesOrIds(['web:latest', id]), 'web:latest, ab12ab12ab12 (no name)');
  assert.equal(namesOrIds(['a\u001b[2J']), 'a\\x1b[2J');
});

test('a CSV cell is quoted where it must be, and none of them is a formula; a number stays one', () => {
  assert.equal(csvOf([['a', 'say "b", c', 'two\nlines']]), 'a,"say ""b"", c","two\nlines"\r\n');
  assert.equal(csvOf([['=1+1', '--cpus is', '@SUM(A1)', '+a']]), ' =1+1, --cpus is, @SUM(A1), +a\r\n');
  assert.equal(csvOf([['=HYPERLINK("x","y")', '\tx', '-1', '+1.5']]), '" =HYPERLINK(""x"",""y"")", \tx,-1,+1.5\r\n');
});
