// Numbers of block devices and huge pages, from the text of both cgroup versions.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { blkioV1, blkioV2, hugetlb } from '../../src/runc/stats-devices.ts';

const reader =
  (files: Readonly<Record<string, string>>) =>
  (name: string): string | undefined =>
    files[name];

test('block devices of version 1, without the sum', () => {
  const read = reader({
    'blkio.throttle.io_service_bytes_recursive': '8:0 Read 4096\n8:0 Write 0\nTotal 4096',
    'blkio.throttle.io_serviced': '8:0 Read 1',
  });
  assert.deepEqual(blkioV1(read), {
    ioServiceBytesRecursive: [
      { major: 8, minor: 0, op: 'Read', value: 4096 },
      { major: 8, minor: 0, op: 'Write', value: 0 },
    ],
    ioServicedRecursive: [{ major: 8, minor: 0, op: 'Read', value: 1 }],
  });
  assert.deepEqual(blkioV1(reader({})), {});
});

test('block devices of version 2', () => {
  const read = reader({ 'io.stat': '254:16 rbytes=10 wbytes=20 rios=1 wios=2 dbytes=0 dios=0' });
  assert.deepEqual(blkioV2(read), {
    ioServiceBytesRecursive: [
      { major: 254, minor: 16, op: 'Read', value: 10 },
      { major: 254, minor: 16, op: 'Write', value: 20 },
    ],
    ioServicedRecursive: [
      { major: 254, minor: 16, op: 'Read', value: 1 },
      { major: 254, minor: 16, op: 'Write', value: 2 },
    ],
  });
});

test('huge pages of each size, of both versions', () => {
  const one = reader({
    'hugetlb.2MB.usage_in_bytes': '2097152',
    'hugetlb.2MB.max_usage_in_bytes': '4194304',
    'hugetlb.2MB.failcnt': '3',
  });
  assert.deepEqual(hugetlb(['hugetlb.2MB.usage_in_bytes', 'hugetlb.2MB.failcnt', 'tasks'], one), {
    '2MB': { usage: 2097152, max: 4194304, failcnt: 3 },
  });
  const two = reader({ 'hugetlb.1GB.current': '0', 'hugetlb.1GB.events': 'max 5' });
  assert.deepEqual(hugetlb(['hugetlb.1GB.current', 'hugetlb.1GB.max'], two), { '1GB': { usage: 0, failcnt: 5 } });
});
