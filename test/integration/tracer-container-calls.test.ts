// That the calls which make, change and leave a container read as strace prints them. A program makes a call of each family; strace
// follows the program, the tracer follows strace; the arguments are compared word for word. Where we differ on purpose, the
// difference is a line of `differences` with its reason, and a line that is not needed any more is an error.
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { identityRows } from '../../src/tracer/rows/identity.ts';
import { ioctlRows } from '../../src/tracer/rows/ioctl.ts';
import { mountRows } from '../../src/tracer/rows/mount.ts';
import { namespaceRows } from '../../src/tracer/rows/namespace.ts';
import { networkRows } from '../../src/tracer/rows/network.ts';
import { securityRows } from '../../src/tracer/rows/security.ts';
import { type CallText, recordedTexts, stracedTexts } from '../helpers/call-texts.ts';
import { ebpf, TracerPlace } from '../helpers/tracer.ts';

const place = new TracerPlace();
after(() => place.remove());

const families = { ...mountRows, ...namespaceRows, ...identityRows, ...securityRows, ...networkRows, ...ioctlRows };

interface Difference {
  why: string;
  find: RegExp;
  /** What both sides become. */
  becomes: string;
}

const differences: readonly Difference[] = [
  { why: 'strace asks the kernel for the name of an interface', find: /if_nametoindex\("lo"\)/g, becomes: '1' },
  { why: 'a mask of changed flags reads as flags here', find: /ifi_change=(0x1|IFF_UP)/g, becomes: 'ifi_change=UP' },
  { why: 'a length is known here as it is afterwards', find: /(\[|handle_bytes=)\d+ => /g, becomes: '$1' },
  {
    why: 'of a struct msghdr address, data and control messages are read',
    find: /(, iov_len=\d+)?\}\](, msg_iovlen=1, msg_controllen=0, msg_flags=0|, \.\.\.)\}/g,
    becomes: '}], …}',
  },
  {
    why: 'what goes through sockets other than netlink is not read',
    find: /\{(?:msg_name=NULL, .*?iov_base="x".*?)?(msg_control=.*, msg_controllen=24), (?:\.\.\.|msg_flags=\w+)\}/,
    becomes: '{$1, …}',
  },
  {
    why: 'strace shows the type of a mount as an address where the kernel does not look at it',
    find: /^("", "\/"), (""|0x[0-9a-f]+), (MS_REC)/,
    becomes: '$1, type, $3',
  },
  {
    why: 'the peer of a veth pair is decoded here; strace shows bytes, and marks a name without its NUL',
    find: /"veth"(\.\.\.)?\], \[\{nla_len=36, nla_type=IFLA_INFO_DATA\}, ("[^"]*"|\[.*?"tlab1"\]\])\]/g,
    becomes: 'veth',
  },
  {
    why: 'attributes that are younger than strace 6.1 have names here',
    find: /(nlmsg_type=RTM_NEWLINK, nlmsg_flags=0, .*?ifi_change=0\}).*\], 8192/,
    becomes: '$1, 8192',
  },
  {
    why: 'times and types among the options of a socket read as such here',
    find: /(SO_RCVTIMEO_OLD|SO_TYPE), ("[^"]*"|\{tv_sec=3, tv_usec=500000\}|\[1\]|\[SOCK_STREAM\])/,
    becomes: '$1, value',
  },
  {
    why: 'what the kernel fills in is read here only when the call succeeds',
    find: /(SIOCGIFFLAGS), (\{ifr_name="none0"\}|0x[0-9a-f]+)/,
    becomes: '$1, none0',
  },
  {
    why: 'delays and control characters of a terminal are left out here',
    find: /(c_oflag=)(?:\w+0\|)*(OPOST.*?c_lflag=[A-Z|]+), .*\}$/,
    becomes: '$1$2, …}',
  },
  {
    why: 'a name of a thread has 15 characters, and no more was meant',
    find: /("container-calls")\.\.\./,
    becomes: '$1',
  },
  {
    why: 'of a filter its length is read, not its instructions',
    find: /(\{len=1, filter=)(\[BPF_STMT\(.*\)\]|0x[0-9a-f]+)\}/,
    becomes: '$1…}',
  },
  {
    why: 'of a BPF program its length is read, not its instructions and its license',
    find: /(insn_cnt=2, )insns=(\[\{.*\}\]|0x[0-9a-f]+), license=("Apache"|0x[0-9a-f]+)/,
    becomes: '$1…',
  },
  {
    why: 'BPF_PROG_DETACH takes the program too where several are attached',
    find: /^(BPF_PROG_DETACH), .*(, 20)$/,
    becomes: '$1$2',
  },
];

/** Names of descriptors are another test's. */
const withoutNames = (args: string): string => args.replace(/(?<=\b\d+|AT_FDCWD)<(?![<=])[^>]*>/g, '');

const used = new Set<Difference>();

function settled(call: CallText): string {
  let { args } = call;
  for (const difference of differences) {
    const changed = args.replace(difference.find, difference.becomes);
    if (changed !== args) used.add(difference);
    args = changed;
  }
  return `${call.name}(${args}) = ${call.result}`;
}

/** Of the families of this test. */
const chosen = (calls: readonly CallText[]): CallText[] => calls.filter(({ name }) => name in families);

test('calls that make, change and leave a container read as strace prints them', ebpf(), async () => {
  const log = place.newPath();
  // strace reads the protocols of netlink sockets in its own network namespace.
  const strace = ['strace', '-f', '-v', '-s', '4096', '-o', log, place.program('container-calls')];
  const ran = await place.trace(['unshare', '--net', ...strace]);
  assert.equal(ran.status, 0, ran.stderr);
  const [ours, theirs] = [recordedTexts(ran.path), stracedTexts(log)];
  const [first] = theirs.keys();
  const seen = new Set<string>();
  for (const [tid, calls] of theirs) {
    const all = ours.get(tid) ?? [];
    const own = tid === first ? all.slice(all.findIndex(({ name }) => name === 'execve')) : all;
    const expected = chosen(calls);
    const actual = chosen(own).map((call) => ({ ...call, args: withoutNames(call.args) }));
    assert.deepEqual(actual.map(settled), expected.map(settled), `thread ${tid}`);
    for (const { name } of expected) seen.add(name);
  }
  assert.ok(seen.size >= 75, `${seen.size} different calls`);
  const unused = differences.filter((difference) => !used.has(difference));
  assert.deepEqual(
    unused.map(({ why }) => why),
    [],
  );
});
