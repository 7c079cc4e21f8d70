// Decoding of calls that make, change and leave a container, from registers and bytes alone: what a run on this machine does not
// show (the other processor, old versions of structs, secrets) and what nobody should send (cut and hostile messages).
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { captureRules } from '../../src/tracer/captures.ts';
import { describeCall } from '../../src/tracer/describe.ts';
import { type Machine, syscallRows } from '../../src/tracer/table.ts';

interface Given {
  registers: readonly (number | bigint)[];
  /** By argument; a list of parts. */
  bytes?: Readonly<Record<number, readonly Uint8Array[]>>;
  whole?: number;
  result?: number;
  machine?: Machine;
  descriptors?: Readonly<Record<number, string>>;
}

/** `name(arguments)` as decoded. */
function show(name: string, given: Given): string {
  const { registers, bytes = {}, machine = 'x64', descriptors = {} } = given;
  const call = {
    pid: 1,
    tid: 1,
    name,
    number: syscallRows[name]?.[machine] ?? 0,
    startNs: 0n,
    registers: registers.map((value) => BigInt.asUintN(64, BigInt(value))),
    parts: (at: number) => (bytes[at] ?? []).map((part) => ({ bytes: part, whole: given.whole ?? part.length })),
    ...(given.result === undefined ? {} : { result: BigInt(given.result) }),
  };
  return describeCall(call, { machine, descriptor: (fd) => descriptors[fd] }).args.join(', ');
}

/** 32-bit numbers, little endian. */
const words = (...values: number[]): Uint8Array => {
  const data = Buffer.alloc(values.length * 4);
  for (const [index, value] of values.entries()) data.writeInt32LE(value | 0, index * 4);
  return data;
};

const address = 0x7f00_0000;

test('clone has its thread pointer at another place on each processor', () => {
  const flags = 0x80000 | 0x200000 | 17;
  const expected = 'child_stack=NULL, flags=CLONE_SETTLS|CLONE_CHILD_CLEARTID|SIGCHLD, tls=0x1, child_tidptr=0x2';
  assert.equal(show('clone', { registers: [flags, 0, 0, 2, 1, 0] }), expected);
  assert.equal(show('clone', { registers: [flags, 0, 0, 1, 2, 0], machine: 'arm64' }), expected);
});

test('clone3 shows as much of its struct as its caller knows', () => {
  const data = Buffer.alloc(88);
  data.writeBigUInt64LE(0x2_0000_0000n | 0x2000_0000n, 0);
  data.writeBigUInt64LE(17n, 32);
  data.writeBigUInt64LE(5n, 80);
  const whole = { registers: [address, 88, 0, 0, 0, 0], bytes: { 0: [data] }, descriptors: { 5: '/sys/fs/cgroup/c' } };
  const head = '{flags=CLONE_NEWPID|CLONE_INTO_CGROUP, exit_signal=SIGCHLD, stack=NULL, stack_size=0';
  assert.equal(show('clone3', whole), `${head}, cgroup=5</sys/fs/cgroup/c>}, 88`);
  const first = { ...whole, registers: [address, 64, 0, 0, 0, 0], bytes: { 0: [data.subarray(0, 64)] } };
  assert.equal(show('clone3', first), `${head}}, 64`);
});

test('capability sets have their two halves joined, and one half in version 1', () => {
  const data = words(1, 0, 0, 1 << 2, 0, 0);
  const capset = (version: number) =>
    show('capset', { registers: [address, address, 0, 0, 0, 0], bytes: { 0: [words(version, 0)], 1: [data] } });
  assert.equal(
    capset(0x20080522),
    '{version=_LINUX_CAPABILITY_VERSION_3, pid=0}, {effective=1<<CAP_CHOWN|1<<CAP_SYSLOG, permitted=0, inheritable=0}',
  );
  assert.equal(
    capset(0x19980330),
    '{version=_LINUX_CAPABILITY_VERSION_1, pid=0}, {effective=1<<CAP_CHOWN, permitted=0, inheritable=0}',
  );
});

test('a capability, an option and a request without a name keep their number', () => {
  assert.equal(show('prctl', { registers: [24, 63, 0, 0, 0, 0] }), 'PR_CAPBSET_DROP, 0x3f /* CAP_??? */');
  assert.equal(show('prctl', { registers: [9999, 1, 2, 3, 4, 0] }), '0x270f /* PR_??? */, 0x1, 0x2, 0x3, 0x4');
  assert.equal(
    show('ioctl', { registers: [3, 0xc0109901, 0, 0, 0, 0] }),
    '3, _IOC(_IOC_READ|_IOC_WRITE, 0x99, 0x1, 0x10), 0',
  );
});

test('a seccomp filter is told by its number of instructions', () => {
  const program = Buffer.alloc(16);
  program.writeUInt16LE(974, 0);
  program.writeBigUInt64LE(0xabcn, 8);
  const given = { registers: [22, 2, address, 0, 0, 0], bytes: { 2: [program] } };
  assert.equal(show('prctl', given), 'PR_SET_SECCOMP, SECCOMP_MODE_FILTER, {len=974, filter=0xabc}');
  const call = { registers: [1, 1, address, 0, 0, 0], bytes: { 2: [program] } };
  assert.equal(show('seccomp', call), 'SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_TSYNC, {len=974, filter=0xabc}');
});

test('a device program is attached to a cgroup by names', () => {
  const given = {
    registers: [8, address, 16, 0, 0, 0],
    bytes: { 1: [words(4, 6, 6, 2)] },
    descriptors: { 4: '/sys/fs/cgroup/c' },
  };
  const text =
    '{target_fd=4</sys/fs/cgroup/c>, attach_bpf_fd=6, attach_type=BPF_CGROUP_DEVICE, attach_flags=BPF_F_ALLOW_MULTI}';
  assert.equal(show('bpf', given), `BPF_PROG_ATTACH, ${text}, 16`);
});

test('nothing is read of what keys, passwords and unknown requests hold', () => {
  const rules = captureRules('x64');
  const read = (name: string, argument: number, selected?: number) =>
    rules.some(
      (rule) =>
        rule.number === syscallRows[name]?.x64 &&
        rule.argument === argument &&
        (selected === undefined || rule.select === 255 || rule.selectValue === BigInt(selected)),
    );
  assert.ok(read('add_key', 1), 'its description is read');
  assert.ok(!read('add_key', 2));
  for (const [operation, argument] of [
    [2, 2],
    [11, 2],
    [12, 2],
    [20, 2],
  ] as const)
    assert.ok(!read('keyctl', argument, operation), `keyctl ${operation}`);
  const [tls, alg] = [282, 279];
  for (const level of [tls, alg]) assert.ok(!read('setsockopt', 3, level), `level ${level}`);
  const addEncryptionKey = 0xc0506617;
  assert.ok(!read('ioctl', 2, addEncryptionKey));
});

test('a password among the options of a mount is left out', () => {
  const given = (options: string) => ({
    registers: [0, 0, 0, 0, address, 0],
    bytes: { 4: [Buffer.from(`${options}\0`)] },
  });
  assert.equal(
    show('mount', given('addr=10.0.0.1,username=me,password=x y;z,vers=3')).split(', ').at(-1),
    '"addr=10.0.0.1,username=me,password=…,vers=3"',
  );
  assert.equal(show('mount', given('pass=1')).split(', ').at(-1), '"pass=…"');
  assert.equal(show('mount', given('mode=755,nopass=1')).split(', ').at(-1), '"mode=755,nopass=1"');
  const option = (key: string) => ({
    registers: [3, 1, address, address, 0, 0],
    bytes: { 2: [Buffer.from(`${key}\0`)], 3: [Buffer.from('x\0')] },
  });
  assert.equal(show('fsconfig', option('password')), '3, FSCONFIG_SET_STRING, "password", "…", 0');
  assert.equal(show('fsconfig', option('mode')), '3, FSCONFIG_SET_STRING, "mode", "x", 0');
});

test('an address that is too short for its family is shown as far as it goes', () => {
  const connect = (data: Uint8Array) =>
    show('connect', { registers: [3, address, data.length, 0, 0, 0], bytes: { 1: [data] } });
  assert.equal(connect(Uint8Array.of(2, 0, 0, 80)), '3, {sa_family=AF_INET, sa_data="\\0P"}, 4');
  assert.equal(connect(Uint8Array.of(1, 0)), '3, {sa_family=AF_UNIX}, 2');
  assert.equal(connect(Uint8Array.of(1)), '3, "\\1", 1');
  assert.equal(connect(Buffer.from('\x01\x00/a\x1b[2J\x00')), '3, {sa_family=AF_UNIX, sun_path="/a\\33[2J"}, 9');
});

test('IPv6 addresses have their shortest spelling', () => {
  const spell = (hex: string) => {
    const data = Buffer.concat([Buffer.from([10, 0, 0, 80, 0, 0, 0, 0]), Buffer.from(hex, 'hex'), Buffer.alloc(4)]);
    const text = show('bind', { registers: [3, address, 28, 0, 0, 0], bytes: { 1: [data] } });
    return /AF_INET6, "([^"]*)"/.exec(text)?.[1];
  };
  assert.equal(spell('00000000000000000000000000000000'), '::');
  assert.equal(spell('00000000000000000000000000000001'), '::1');
  assert.equal(spell('fd000000000000010000000000000002'), 'fd00:0:0:1::2');
  assert.equal(spell('00000000000000000000ffff0a000001'), '::ffff:10.0.0.1');
  assert.equal(spell('20010db8000100020003000400050006'), '2001:db8:1:2:3:4:5:6');
});

const attribute = (type: number, body: Uint8Array): Buffer => {
  const data = Buffer.alloc((4 + body.length + 3) & ~3);
  data.writeUInt16LE(4 + body.length, 0);
  data.writeUInt16LE(type, 2);
  data.set(body, 4);
  return data;
};

function message(type: number, flags: number, ...parts: Uint8Array[]): Buffer {
  const body = Buffer.concat(parts);
  const head = Buffer.alloc(16);
  head.writeUInt32LE(16 + body.length, 0);
  head.writeUInt16LE(type, 4);
  head.writeUInt16LE(flags, 6);
  return Buffer.concat([head, body]);
}

const send = (data: Uint8Array, protocol = 'route', whole = data.length): string =>
  show('sendto', {
    registers: [3, address, whole, 0, 0, 0],
    bytes: { 1: [data] },
    whole,
    descriptors: { 3: `socket:[netlink ${protocol}]` },
  });

const name = (text: string): Buffer => Buffer.from(`${text}\0`);
const link = Buffer.alloc(16);
/** A veth pair whose other end goes to another namespace. */
const veth = message(
  16,
  0x605,
  link,
  attribute(3, name('veth0')),
  attribute(
    0x8012,
    Buffer.concat([
      attribute(1, name('veth')),
      attribute(0x8002, attribute(1, Buffer.concat([link, attribute(3, name('eth0')), attribute(28, words(9))]))),
    ]),
  ),
);

test('a veth pair is told with both names and the namespace of its other end', () => {
  const text = send(veth);
  assert.match(text, /nlmsg_type=RTM_NEWLINK, nlmsg_flags=NLM_F_REQUEST\|NLM_F_ACK\|NLM_F_EXCL\|NLM_F_CREATE/);
  assert.match(
    text,
    /IFLA_IFNAME\}, "veth0"\].*IFLA_INFO_KIND\}, "veth"\].*VETH_INFO_PEER.*"eth0".*IFLA_NET_NS_FD\}, 9\]/,
  );
});

test('a failed request is told with its errno and the request', () => {
  const error = message(2, 0, words(-17), veth.subarray(0, 32));
  assert.match(send(error), /nlmsg_type=NLMSG_ERROR.*\{error=-EEXIST, msg=\[\{nlmsg_len=\d+, nlmsg_type=RTM_NEWLINK/);
  assert.match(send(message(2, 0x100, words(0), veth.subarray(0, 16))), /NLM_F_CAPPED.*\{error=0, msg=\{nlmsg_len/);
});

test('a message that is cut says so', () => {
  assert.match(send(veth.subarray(0, 40), 'route', veth.length), /IFLA_IFNAME\}, \.\.\.\]/);
  assert.match(send(Buffer.concat([veth, veth]).subarray(0, veth.length), 'route', veth.length * 2), /, \.\.\.\]/);
});

test('a rule of nf_tables is told with its table, its chain and its expressions', () => {
  const meta = Buffer.concat([attribute(2, Uint8Array.of(0, 0, 0, 6)), attribute(1, Uint8Array.of(0, 0, 0, 1))]);
  const expression = Buffer.concat([attribute(1, name('meta')), attribute(0x8002, meta)]);
  const head = Uint8Array.of(2, 0, 0, 0);
  const rule = message(
    0xa06,
    0xc01,
    head,
    attribute(1, name('nat')),
    attribute(2, name('POSTROUTING')),
    attribute(0x8004, attribute(0x8001, expression)),
  );
  const text = send(Buffer.concat([message(16, 1, Uint8Array.of(0, 0, 0, 10)), rule]), 'netfilter');
  assert.match(text, /nlmsg_type=NFNL_MSG_BATCH_BEGIN/);
  assert.match(text, /NFNL_SUBSYS_NFTABLES<<8\|NFT_MSG_NEWRULE, nlmsg_flags=NLM_F_REQUEST\|NLM_F_CREATE\|NLM_F_APPEND/);
  assert.match(text, /NFTA_RULE_TABLE\}, "nat"\].*"POSTROUTING".*NFTA_EXPR_NAME\}, "meta"\].*NFT_META_IIFNAME/);
});

test('no bytes on a netlink socket make a decoder throw, hang, or write without end', () => {
  let state = 7;
  const next = (): number => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state >>> 8;
  };
  const deep = Array.from({ length: 300 }).reduce<Buffer>((inner) => attribute(0x8012, inner), Buffer.alloc(0));
  const nested = message(2, 0, words(-1), message(2, 0, words(-1), message(2, 0, words(-1), veth)));
  const seeds = [veth, nested, message(16, 1, link, deep), Buffer.alloc(4096, 1), Buffer.alloc(4096, 255)];
  const many = Buffer.concat(Array.from({ length: 200 }, () => message(16, 1)));
  for (const protocol of ['route', 'netfilter', 'audit', 'generic', 'sock_diag', 'crypto']) {
    for (let round = 0; round < 300; round++) {
      const data = Buffer.from(seeds[round % seeds.length] ?? veth);
      for (let change = next() % 8; change > 0; change--) data[next() % data.length] = next();
      const text = send(data.subarray(0, next() % (data.length + 1)), protocol, data.length);
      assert.doesNotMatch(text, /undecoded|undefined|NaN/);
      assert.ok(text.length < 64 * 4096, `${text.length} characters`);
    }
    assert.match(send(many, protocol), /, \.\.\.\]/);
  }
});
