// Numbers that a cgroup has for each block device and for each size of huge pages, in the shape of runc's `events`.
// @source runc types/events.go; kernel cgroup-v1/blkio-controller.rst, cgroup-v1/hugetlb.rst, cgroup-v2.rst

interface BlkioEntry {
  major: number;
  minor: number;
  op: string;
  value: number;
}

/** Lines such as `8:0 Read 4096`; the one without a device is their sum. Version 1. */
export function blkioV1(read: (name: string) => string | undefined): Record<string, BlkioEntry[]> {
  const entries = (name: string): BlkioEntry[] =>
    (read(`blkio.throttle.${name}_recursive`) ?? read(`blkio.throttle.${name}`) ?? '').split('\n').flatMap((line) => {
      const match = /^(\d+):(\d+) (\w+) (\d+)$/.exec(line);
      return match === null ? [] : [entry(match[1], match[2], { op: match[3] ?? '', value: Number(match[4]) })];
    });
  return withoutEmpty({
    ioServiceBytesRecursive: entries('io_service_bytes'),
    ioServicedRecursive: entries('io_serviced'),
  });
}

const operations = { bytes: { rbytes: 'Read', wbytes: 'Write' }, counts: { rios: 'Read', wios: 'Write' } } as const;

/** Lines such as `8:0 rbytes=4096 wbytes=0 rios=1 wios=0 dbytes=0 dios=0`. Version 2. */
export function blkioV2(read: (name: string) => string | undefined): Record<string, BlkioEntry[]> {
  const lines = (read('io.stat') ?? '').split('\n').map((line) => line.split(' '));
  const entries = (names: Readonly<Record<string, string>>): BlkioEntry[] =>
    lines.flatMap(([device = '', ...pairs]) => {
      const [major, minor] = device.split(':');
      return pairs.flatMap((pair) => {
        const [key = '', value] = pair.split('=');
        const op = names[key];
        return op === undefined ? [] : [entry(major, minor, { op, value: Number(value) })];
      });
    });
  return withoutEmpty({
    ioServiceBytesRecursive: entries(operations.bytes),
    ioServicedRecursive: entries(operations.counts),
  });
}

const entry = (
  major: string | undefined,
  minor: string | undefined,
  { op, value }: { op: string; value: number },
): BlkioEntry => ({ major: Number(major), minor: Number(minor), op, value });

const withoutEmpty = (lists: Record<string, BlkioEntry[]>): Record<string, BlkioEntry[]> =>
  Object.fromEntries(Object.entries(lists).filter(([, list]) => list.length > 0));

/** `names` are those of the cgroup's files: `hugetlb.2MB.usage_in_bytes` of version 1, `hugetlb.2MB.current` of version 2. */
export function hugetlb(
  names: readonly string[],
  read: (name: string) => string | undefined,
): Record<string, { usage: number; max?: number; failcnt: number }> {
  const sizes = new Set(
    names.flatMap((name) => /^hugetlb\.(\d+[KMG]B)\.(?:usage_in_bytes|current)$/.exec(name)?.[1] ?? []),
  );
  return Object.fromEntries([...sizes].sort().map((size) => [size, hugetlbOf(`hugetlb.${size}`, read)]));
}

function hugetlbOf(prefix: string, read: (name: string) => string | undefined) {
  const current = read(`${prefix}.current`);
  if (current !== undefined) {
    const failures = /^max (\d+)$/m.exec(read(`${prefix}.events`) ?? '')?.[1];
    return { usage: Number(current), failcnt: Number(failures ?? 0) };
  }
  return {
    usage: Number(read(`${prefix}.usage_in_bytes`) ?? 0),
    max: Number(read(`${prefix}.max_usage_in_bytes`) ?? 0),
    failcnt: Number(read(`${prefix}.failcnt`) ?? 0),
  };
}
