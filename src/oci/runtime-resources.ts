// `linux.resources` of the OCI runtime spec: what becomes cgroup files. Also the body of `update --resources`.
import * as v from 'valibot';
import { object, record } from './object.ts';
import { integer, text, unsigned, unsigned32 } from './runtime-process.ts';

/** One rule of the device controller; no type, or `a`, is every device. @source oci-runtime config-linux#allowed-device-list */
const deviceRule = object({
  allow: v.boolean(),
  type: v.optional(v.picklist(['a', 'b', 'c'], 'expected a, b or c')),
  major: v.optional(integer),
  minor: v.optional(integer),
  access: v.optional(v.pipe(text, v.regex(/^[rwm]{0,3}$/, 'expected letters of r, w and m'))),
});
export type DeviceRule = v.InferOutput<typeof deviceRule>;

const memory = object({
  limit: v.optional(integer),
  reservation: v.optional(integer),
  swap: v.optional(integer),
  kernel: v.optional(integer),
  kernelTCP: v.optional(integer),
  swappiness: v.optional(
    v.pipe(
      integer,
      v.check((value) => value >= 0 && value <= 100, 'expected 0 to 100'),
    ),
  ),
  disableOOMKiller: v.optional(v.boolean()),
  useHierarchy: v.optional(v.boolean()),
  checkBeforeUpdate: v.optional(v.boolean()),
});

const cpu = object({
  shares: v.optional(unsigned),
  quota: v.optional(integer),
  burst: v.optional(unsigned),
  period: v.optional(unsigned),
  realtimeRuntime: v.optional(integer),
  realtimePeriod: v.optional(unsigned),
  cpus: v.optional(text),
  mems: v.optional(text),
  idle: v.optional(integer),
});

const weightDevice = object({
  major: unsigned32,
  minor: unsigned32,
  weight: v.optional(unsigned32),
  leafWeight: v.optional(unsigned32),
});
const throttleDevice = object({ major: unsigned32, minor: unsigned32, rate: unsigned });

const blockIO = object({
  weight: v.optional(unsigned32),
  leafWeight: v.optional(unsigned32),
  weightDevice: v.optional(v.array(weightDevice)),
  throttleReadBpsDevice: v.optional(v.array(throttleDevice)),
  throttleWriteBpsDevice: v.optional(v.array(throttleDevice)),
  throttleReadIOPSDevice: v.optional(v.array(throttleDevice)),
  throttleWriteIOPSDevice: v.optional(v.array(throttleDevice)),
});
export type BlockIO = v.InferOutput<typeof blockIO>;

/** @source oci-runtime config-linux#control-groups */
export const resourcesSchema = object({
  devices: v.optional(v.array(deviceRule)),
  memory: v.optional(memory),
  cpu: v.optional(cpu),
  pids: v.optional(object({ limit: v.optional(integer) })),
  blockIO: v.optional(blockIO),
  hugepageLimits: v.optional(
    v.array(
      object({
        pageSize: v.pipe(text, v.regex(/^[1-9][0-9]*[KMG]B$/, 'expected a size such as 2MB')),
        limit: unsigned,
      }),
    ),
  ),
  network: v.optional(
    object({
      classID: v.optional(unsigned32),
      priorities: v.optional(v.array(object({ name: text, priority: unsigned32 }))),
    }),
  ),
  rdma: v.optional(record(text, object({ hcaHandles: v.optional(unsigned32), hcaObjects: v.optional(unsigned32) }))),
  unified: v.optional(record(text, text)),
});

export type Resources = v.InferOutput<typeof resourcesSchema>;
