// Namespaces that a container joins by path, in create and in exec: whose they are, who owns what is made beside them, and that the
// runtime itself stays on the host. Needs root, runc (for its default config.json) and busybox-static.
import assert from 'node:assert/strict';
import { chmodSync, readFileSync, readlinkSync, writeFileSync } from 'node:fs';
import { after, test } from 'node:test';
import type { RuntimeConfig } from '../helpers/bundle.ts';
import { root } from '../helpers/root.ts';
import { RuntimePlace, type TestContainer } from '../helpers/runtime.ts';
import { must } from '../helpers/shell.ts';

const place = new RuntimePlace();
after(() => place.remove());
if (root().skip === false) chmodSync(place.folder, 0o755);

type Namespace = { type: string; path?: string };
const map = [{ containerID: 0, hostID: 100000, size: 65536 }];
const files: Record<string, string> = { network: 'net', mount: 'mnt' };
const linkOf = (pid: number, type: string): string => readlinkSync(`/proc/${pid}/ns/${files[type] ?? type}`);

/** The default namespaces, those in `joined` by the path of process `pid`. */
function namespacesOf(joined: readonly string[], pid: number): Namespace[] {
  const types = [...new Set(['pid', 'network', 'ipc', 'uts', 'mount', 'cgroup', ...joined])];
  return types.map((type) =>
    joined.includes(type) ? { type, path: `/proc/${pid}/ns/${files[type] ?? type}` } : { type },
  );
}

async function ownedBundle(args: string[], edit: (config: RuntimeConfig) => void): Promise<TestContainer> {
  const container = await place.bundle(args, { edit });
  await must('chown', ['-R', '100000:100000', `${container.bundle}/rootfs`]);
  return container;
}

/** A container with a user namespace of its own. */
async function userContainer(): Promise<number> {
  const container = await ownedBundle(['sleep', '1000'], (config) => {
    Object.assign(config.linux, {
      namespaces: [...namespacesOf([], 0), { type: 'user' }],
      uidMappings: map,
      gidMappings: map,
    });
  });
  return place.start(container);
}

test('a user namespace is joined by path: root is its id 0, and it owns what is made beside it', root(), async () => {
  const first = await userContainer();
  const container = await ownedBundle(
    ['sh', '-c', 'mount -t tmpfs none /mnt 2>/dev/null; hostname joined && hostname; id -u; sleep 1000'],
    (config) => {
      config.linux.namespaces = namespacesOf(['user'], first);
      delete config.hostname;
      Object.assign(config.process, {
        capabilities: { bounding: ['CAP_SYS_ADMIN'], effective: ['CAP_SYS_ADMIN'], permitted: ['CAP_SYS_ADMIN'] },
      });
    },
  );
  const pid = await place.start(container);
  assert.equal(linkOf(pid, 'user'), linkOf(first, 'user'));
  for (const type of ['pid', 'network', 'ipc', 'uts', 'mount', 'cgroup'])
    assert.notEqual(linkOf(pid, type), linkOf(first, type), type);
  assert.match(readFileSync(`/proc/${pid}/uid_map`, 'utf8'), /^\s*0\s+100000\s+65536\n$/);
  // The program may change its host name: the uts namespace belongs to its user namespace.
  const ran = await place.exec(container, {
    args: ['sh', '-c', 'hostname; id -u; ls -ln /dev/mqueue -d; readlink /proc/self/ns/user'],
  });
  assert.equal(ran.status, 0, ran.stderr);
  assert.match(
    ran.stdout,
    new RegExp(`^joined\n0\n\\S+ +\\S+ +0 +0 .*\n${linkOf(first, 'user').replace(/[[\]]/g, '\\$&')}\n$`),
  );
});

test('pid, network, ipc, uts and cgroup are joined beside a user namespace that is joined too', root(), async () => {
  const first = await userContainer();
  const joined = ['user', 'pid', 'network', 'ipc', 'uts', 'cgroup'];
  const container = await ownedBundle(['sleep', '1000'], (config) => {
    config.linux.namespaces = namespacesOf(joined, first);
    delete config.hostname;
  });
  const pid = await place.start(container);
  for (const type of joined) assert.equal(linkOf(pid, type), linkOf(first, type), type);
  const ran = await place.exec(container, { args: ['ps', '-o', 'pid,args'] });
  assert.match(ran.stdout, / 1 sleep 1000\n/, ran.stderr);
});

test("beside a user namespace of its own the host's namespaces are joined by path", root(), async () => {
  const other = await place.start(await place.bundle(['sleep', '1000']));
  const container = await ownedBundle(['sleep', '1000'], (config) => {
    const namespaces = [...namespacesOf(['network', 'pid'], other), { type: 'user' }];
    Object.assign(config.linux, { namespaces, uidMappings: map, gidMappings: map });
    config.mounts = (config.mounts as { destination: string }[]).filter(
      ({ destination }) => !/^.(sys|proc)/.test(destination),
    );
    Object.assign(config.linux, { maskedPaths: [], readonlyPaths: [] });
  });
  const pid = await place.start(container);
  for (const type of ['network', 'pid']) assert.equal(linkOf(pid, type), linkOf(other, type), type);
  assert.notEqual(linkOf(pid, 'user'), linkOf(other, 'user'));
  const ran = await place.exec(container, { args: ['id', '-u'] });
  assert.equal(ran.stdout, '0\n', ran.stderr);
});

test('with a joined pid namespace the hooks of the runtime stay in that of the host', root(), async () => {
  const other = await place.start(await place.bundle(['sleep', '1000']));
  const out = `${place.folder}/pid-of-hook`;
  const hook = `${place.folder}/hook`;
  writeFileSync(hook, `#!/bin/sh\nreadlink /proc/self/ns/pid > ${out}\n`, { mode: 0o755 });
  const container = await place.bundle(['sleep', '1000'], {
    edit: (config) => {
      config.linux.namespaces = namespacesOf(['pid'], other);
      config.hooks = { createRuntime: [{ path: hook }] };
    },
  });
  const pid = await place.start(container);
  assert.equal(linkOf(pid, 'pid'), linkOf(other, 'pid'));
  assert.equal(readFileSync(out, 'utf8').trim(), readlinkSync('/proc/self/ns/pid'));
});

test('a path of another kind of namespace, or of none, is refused before a process exists', root(), async () => {
  for (const [path, needed] of [
    ['/proc/self/ns/net', 'it is not a namespace of the wanted type'],
    ['/etc/hostname', 'it is not a namespace of the wanted type'],
    ['/does/not/exist', 'ENOENT'],
  ] as const) {
    const container = await place.bundle(['true'], {
      edit: (config) => {
        config.linux.namespaces = [...namespacesOf([], 0), { type: 'user', path }];
      },
    });
    assert.match((await place.create(container)).stderr, new RegExp(`joining namespace "${path}".*${needed}`));
    assert.deepEqual(place.cgroups(container), []);
  }
});
