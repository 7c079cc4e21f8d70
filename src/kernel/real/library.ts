// libtlab.so and libc through koffi, loaded at the first call: a process that never touches the kernel does not pay for it.
// Functions return a result >= 0 or -errno; the ones that may wait for a kernel lock run on libuv's pool.
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { KoffiFunc } from 'koffi';
import { LabError } from '../../base/errors.ts';
import { kernelError } from '../errors.ts';

type Argument = string | number | bigint | Uint8Array | null;
type Call = KoffiFunc<(...callArguments: Argument[]) => number>;

interface Library {
  netnsCreate: Call;
  netnsCreateMapped: Call;
  netnsWrite: Call;
  netnsSocket: Call;
  netlinkOpen: Call;
  netlinkExchange: Call;
  mount: Call;
  umount2: Call;
  mkfifo: Call;
  errno: () => number;
}

let loaded: Library | undefined;

// Beside the bundle (dist/bin), or seen from this source file.
function findLibrary(): string {
  const here = import.meta.dirname;
  const places = [`${here}/bin/libtlab.so`, `${here}/../../../dist/bin/libtlab.so`];
  const found = places.find((place) => existsSync(place));
  if (found !== undefined) return found;
  throw new LabError('unavailable', 'libtlab.so: not built', { hint: 'run `npm run build`, it compiles native/' });
}

export function library(): Library {
  if (loaded !== undefined) return loaded;
  const koffi = createRequire(import.meta.url)('koffi') as typeof import('koffi');
  const own = koffi.load(findLibrary());
  const libc = koffi.load('libc.so.6');
  loaded = {
    netnsCreate: own.func('int tlab_netns_create(const char *path)'),
    netnsCreateMapped: own.func(
      'int tlab_netns_create_mapped(const char *path, const char *user_path, const char *uid_map, const char *gid_map)',
    ),
    netnsWrite: own.func('int tlab_netns_write(const char *path, const char *file, const char *value)'),
    netnsSocket: own.func('int tlab_netns_socket(const char *path, int domain, int type, int protocol)'),
    netlinkOpen: own.func('int tlab_netlink_open(const char *path)'),
    netlinkExchange: own.func(
      'int64_t tlab_netlink_exchange(int fd, const void *request, size_t size, _Out_ uint8_t *answer, size_t capacity, uint32_t last_seq)',
    ),
    mount: libc.func(
      'int mount(const char *source, const char *target, const char *type, unsigned long flags, const char *data)',
    ),
    umount2: libc.func('int umount2(const char *target, int flags)'),
    mkfifo: libc.func('int mkfifo(const char *path, uint32_t mode)'),
    errno: () => koffi.errno(),
  };
  return loaded;
}

/** Calls on libuv's pool, so that a kernel lock never stops the daemon. */
export function callAsync(call: Call, ...callArguments: Argument[]): Promise<number> {
  return new Promise((resolve, reject) => {
    call.async(...callArguments, (error: Error | null, result: number | bigint) =>
      error ? reject(error) : resolve(Number(result)),
    );
  });
}

/** The result, or the refusal that a negative one stands for. */
export function checked(result: number, refusal: { call: string; what: string }): number {
  if (result >= 0) return result;
  throw kernelError({ ...refusal, errno: -result });
}
