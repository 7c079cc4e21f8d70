// The netlink codec against bytes worked out by hand from the kernel's headers, and against itself.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { kernelError } from '../../src/kernel/errors.ts';
import {
  decodeAttributes,
  decodeError,
  decodePayload,
  encodeAttributes,
  encodeMessage,
  NLMSG_ERROR,
  splitMessages,
} from '../../src/kernel/netlink.ts';
import { rtnetlink } from '../../src/kernel/rtnetlink.ts';

const { attributes: link } = rtnetlink.RTM_NEWLINK;

test('an attribute is length, type, value and padding to four bytes', () => {
  const bytes = encodeAttributes(link, { IFLA_IFNAME: 'tlab0' });
  assert.equal(bytes.toString('hex'), '0a000300' + '746c61623000' + '0000');
});

test('a nested attribute carries the nested flag', () => {
  const bytes = encodeAttributes(link, { IFLA_PROTINFO: { IFLA_BRPORT_MODE: 1 } });
  assert.equal(bytes.toString('hex'), '0c000c80' + '05000400' + '01000000');
});

test('the peer of a veth pair starts with a link structure of its own', () => {
  const peer = { ifi_index: 7, IFLA_IFNAME: 'eth0' };
  const bytes = encodeAttributes(link, {
    IFLA_LINKINFO: { IFLA_INFO_KIND: 'veth', IFLA_INFO_DATA: { VETH_INFO_PEER: peer } },
  });
  const structure = '0000000007000000' + '0000000000000000';
  assert.ok(bytes.toString('hex').includes(`${structure}0900030065746830`));
});

test('a message survives the way to bytes and back', () => {
  const values = {
    ifi_index: 12,
    ifi_flags: 1,
    ifi_change: 1,
    IFLA_IFNAME: 'tlab-00112233',
    IFLA_ADDRESS: '02:42:ac:11:00:02',
    IFLA_MTU: 1400,
    IFLA_MASTER: 3,
    IFLA_LINKINFO: {
      IFLA_INFO_KIND: 'veth',
      IFLA_INFO_DATA: { VETH_INFO_PEER: { ifi_index: 4, IFLA_IFNAME: 'eth0', IFLA_NET_NS_FD: 21 } },
    },
  };
  const bytes = encodeMessage(rtnetlink.RTM_NEWLINK, { flags: 5, seq: 9, values });
  const [message] = splitMessages(bytes);
  assert.ok(message);
  assert.equal(bytes.readUInt32LE(0), bytes.length);
  assert.deepEqual([message.type, message.flags, message.seq], [16, 5, 9]);
  const decoded = decodePayload(rtnetlink.RTM_NEWLINK, message.payload);
  assert.partialDeepStrictEqual(decoded, values);
});

test('addresses and routes keep their structure fields', () => {
  const values = { rtm_family: 2, rtm_dst_len: 16, rtm_table: 254, RTA_DST: '172.17.0.0', RTA_OIF: 2 };
  const bytes = encodeMessage(rtnetlink.RTM_NEWROUTE, { flags: 0, seq: 1, values });
  const [message] = splitMessages(bytes);
  assert.ok(message);
  assert.partialDeepStrictEqual(decodePayload(rtnetlink.RTM_NEWROUTE, message.payload), values);
});

test('an unknown attribute is left out and the ones behind it are kept', () => {
  const unknown = Buffer.from('0800ff3f01020304', 'hex');
  const known = encodeAttributes(link, { IFLA_MTU: 1500 });
  assert.deepEqual(decodeAttributes(link, Buffer.concat([unknown, known])), { IFLA_MTU: 1500 });
});

test('truncated bytes end the list instead of throwing', () => {
  const bytes = encodeMessage(rtnetlink.RTM_NEWLINK, { flags: 0, seq: 1, values: { IFLA_IFNAME: 'x', IFLA_MTU: 1 } });
  for (let size = 0; size < bytes.length; size++) assert.deepEqual(splitMessages(bytes.subarray(0, size)), []);
  const attributes = encodeAttributes(link, { IFLA_MTU: 1500, IFLA_IFNAME: 'tlab0' });
  for (let size = 0; size < attributes.length; size++) decodeAttributes(link, attributes.subarray(0, size));
});

test('an acknowledgement is errno 0 and a refusal carries the kernel’s own sentence', () => {
  const acknowledged = { type: NLMSG_ERROR, flags: 0x100, seq: 1, payload: Buffer.alloc(20) };
  assert.deepEqual(decodeError(acknowledged), { errno: 0, detail: undefined });
  const sentence = Buffer.from('\x0c\x00\x01\x00no luck\0', 'latin1');
  const head = Buffer.alloc(20);
  head.writeInt32LE(-17, 0);
  const refused = { type: NLMSG_ERROR, flags: 0x300, seq: 1, payload: Buffer.concat([head, sentence]) };
  assert.deepEqual(decodeError(refused), { errno: 17, detail: 'no luck' });
});

test('a refusal names object, call and errno', () => {
  const error = kernelError({ call: 'RTM_NEWLINK', what: 'bridge "tlab0"', errno: 17, detail: undefined });
  assert.equal(error.kind, 'alreadyExists');
  assert.match(error.message, /^bridge "tlab0": RTM_NEWLINK: EEXIST /);
});

test('a value that does not fit its attribute is refused before it is sent', () => {
  assert.throws(() => encodeAttributes(link, { IFLA_MTU: 'large' }), TypeError);
  assert.throws(() => encodeAttributes(link, { IFLA_LINKINFO: { IFLA_INFO_DATA: { VETH_INFO_PEER: {} } } }), TypeError);
});
