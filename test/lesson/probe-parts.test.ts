// What the network probes read: rules with their counters, the route of an address, a name's query and its answer.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isSameFact } from '../../src/lesson/check/match.ts';
import { answerOf, queryOf } from '../../src/lesson/check/names.ts';
import { routeTo } from '../../src/lesson/check/network.ts';
import { parseCounted, ruleFacts } from '../../src/lesson/check/rules.ts';

const saved = parseCounted(
  `# Generated
*nat
:PREROUTING ACCEPT [1:60]
:TLAB - [0:0]
[0:0] -A PREROUTING -m addrtype --dst-type LOCAL -j TLAB
[3:180] -A TLAB ! -i tlab0 -p tcp -m tcp --dport 8080 -j DNAT --to-destination 172.30.0.2:80
[4:240] -A TLAB ! -i tlab0 -p tcp -m tcp --dport 8081 -j DNAT --to-destination 172.30.0.3:80
COMMIT
*filter
:FORWARD DROP [0:0]
COMMIT
`,
  'nft',
);

test('rules are found by table, chain and parts of their text; packets and bytes are summed', () => {
  const both = ruleFacts(saved, { table: 'nat', chain: 'TLAB' });
  assert.deepEqual([both.exists, both.count, both.packets, both.bytes, both.policy], [true, 2, 7, 420, '-']);
  const one = ruleFacts(saved, { table: 'nat', match: ['--dport 8081', 'DNAT --to-destination *:80'] });
  assert.deepEqual([one.count, one.chain, one.place, one.backend], [1, 'TLAB', 2, 'nft']);
  assert.equal(ruleFacts(saved, { table: 'nat', match: '--dport 80' }).count, 2, 'a part is found within a word');
  assert.equal(ruleFacts(saved, { table: 'nat', match: '--dport 80 ' }).exists, false);
});

test('the same digest is the same with its algorithm or without, alone or as sha256sum prints it', () => {
  const hex = 'ab'.repeat(32);
  for (const seen of [`sha256:${hex}`, hex, `${hex}  -`, `layer: ${hex}`]) assert.ok(isSameFact(`sha256:${hex}`, seen));
  for (const seen of ['', undefined, hex.slice(1), `${hex}0`, 'sha256:']) assert.ok(!isSameFact(`sha256:${hex}`, seen));
  assert.ok(isSameFact(12, 12) && isSameFact(12, '12') && !isSameFact(12, 13));
});

test('a chain without rules is there, one that nobody made is not', () => {
  const forward = ruleFacts(saved, { table: 'filter', chain: 'FORWARD' });
  assert.deepEqual([forward.exists, forward.count, forward.policy], [true, 0, 'DROP']);
  assert.equal(ruleFacts(saved, { table: 'filter', chain: 'TLAB' }).exists, false);
});

test('the longest prefix wins, the default route takes the rest', () => {
  const route = (destination: string, prefixLength: number, linkIndex: number) => ({
    ...{ destination, prefixLength, linkIndex },
    gateway: undefined,
  });
  const routes = [route('0.0.0.0', 0, 1), route('172.16.0.0', 12, 2), route('172.30.0.0', 16, 3)];
  const linkTo = (to: string) => routeTo(routes, to)?.linkIndex;
  assert.deepEqual(
    [linkTo('172.30.0.9'), linkTo('172.17.0.1'), linkTo('223.255.255.255'), linkTo('default'), linkTo('172.16.0.0/12')],
    [3, 2, 1, 1, 2],
  );
  assert.equal(linkTo('10.0.0.0/8'), undefined);
});

test('a query is as RFC 1035 has it; its answer gives the addresses behind aliases, and the refusal by name', () => {
  const query = queryOf(0x1234, 'web.lab.');
  assert.equal(query.toString('hex'), '1234010000010000000000000377656203' + '6c616200' + '00010001');
  const question = query.subarray(12);
  const head = Buffer.from('123481800001000200000000', 'hex');
  const alias = Buffer.from('c00c0005000100000010' + '0002c010', 'hex');
  const address = Buffer.from('c00c0001000100000010' + '0004ac1e0002', 'hex');
  const answer = Buffer.concat([head, question, alias, address]);
  assert.deepEqual(answerOf(answer), { status: 'NOERROR', addresses: ['172.30.0.2'] });
  assert.deepEqual(answerOf(answer.subarray(0, answer.length - 2)).addresses, [], 'a cut one gives none');
  const refusal = Buffer.concat([Buffer.from('123481830001000000000000', 'hex'), question]);
  assert.deepEqual(answerOf(refusal), { status: 'NXDOMAIN', addresses: [] });
});
