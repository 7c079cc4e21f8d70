// Network devices of the host that config.json moves into a container. Needs root, runc (for its default config.json), busybox-static, ip.
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { root } from '../helpers/root.ts';
import { RuntimePlace, type TestContainer } from '../helpers/runtime.ts';
import { must, run } from '../helpers/shell.ts';
import { waitUntil } from '../helpers/wait.ts';

const place = new RuntimePlace();
const device = `tlabnd${process.pid % 100000}`;
after(async () => {
  await place.remove();
  await run('ip', ['link', 'delete', device]);
});

const map = [{ containerID: 0, hostID: 100000, size: 65536 }];

/** A device with lasting addresses of both families, one that ends, and the link's own. */
async function makeDevice(): Promise<void> {
  await must('ip', ['link', 'add', device, 'type', 'veth', 'peer', 'name', `${device}p`]);
  await must('ip', ['link', 'set', device, 'mtu', '1400', 'address', '02:00:00:00:00:42', 'up']);
  await must('ip', ['address', 'add', '192.0.2.5/24', 'broadcast', '192.0.2.255', 'dev', device]);
  await must('ip', ['-6', 'address', 'add', '2001:db8::5/64', 'nodad', 'dev', device]);
  await must('ip', ['address', 'add', '192.0.2.99/32', 'dev', device, 'valid_lft', '1000', 'preferred_lft', '1000']);
}

const holding = (name: string): Promise<TestContainer> =>
  place.bundle(['sleep', '1000'], {
    edit: (config) => {
      Object.assign(config.linux, { netDevices: { [device]: { name } } });
    },
  });

const isOnHost = async (name = device): Promise<boolean> => (await run('ip', ['link', 'show', name])).status === 0;

for (const withUser of [false, true]) {
  const title = `a device is moved, renamed and up${withUser ? ' beside a user namespace' : ''}, with its lasting addresses, mtu and hardware address`;
  test(title, root(), async () => {
    await makeDevice();
    const container = await place.bundle(['sleep', '1000'], {
      edit: (config) => {
        Object.assign(config.linux, { netDevices: { [device]: { name: 'lan0' } } });
        if (!withUser) return;
        (config.linux.namespaces as unknown[]).push({ type: 'user' });
        Object.assign(config.linux, { uidMappings: map, gidMappings: map });
        const mounts = config.mounts as { destination: string }[];
        config.mounts = mounts.filter(({ destination }) => destination !== '/sys/fs/cgroup');
      },
    });
    if (withUser) await must('chown', ['-R', '100000:100000', `${container.bundle}/rootfs`]);
    await must('chmod', ['755', place.folder]);
    const pid = await place.start(container);
    assert.equal(await isOnHost(), false);
    const inside = (...args: string[]): Promise<string> =>
      must('nsenter', ['--net', '--target', String(pid), 'ip', ...args]);
    const link = await inside('-o', 'link', 'show', 'lan0');
    assert.match(link, /<[A-Z,-]*UP[A-Z,_]*> mtu 1400 .*02:00:00:00:00:42/);
    const addresses = await inside('-o', 'address', 'show', 'dev', 'lan0', 'scope', 'global');
    assert.match(addresses, /inet 192\.0\.2\.5\/24 brd 192\.0\.2\.255 /);
    assert.match(addresses, /inet6 2001:db8::5\/64 /);
    assert.doesNotMatch(addresses, /192\.0\.2\.99/);
    await place.runc(['delete', '--force', container.id]);
    // The kernel removes the pair with the namespace.
    await waitUntil(async () => !(await isOnHost(`${device}p`)), { what: 'the end of the network namespace' });
  });
}

test('a name that the container has already is an error, and the device stays', root(), async () => {
  await makeDevice();
  const container = await holding('lo');
  const { stderr } = await place.create(container);
  assert.match(
    stderr,
    new RegExp(
      `moving network device "${device}": the container has one of the name "lo" .*/linux/netDevices/${device}`,
    ),
  );
  assert.deepEqual(place.cgroups(container), []);
  assert.equal(await isOnHost(), true);
  await must('ip', ['link', 'delete', device]);
});

test('a device that the host does not have is an error that names it', root(), async () => {
  const container = await holding('lan0');
  assert.match(
    (await place.create(container)).stderr,
    new RegExp(`moving network device "${device}": ioctl\\(2\\): ENODEV`),
  );
});
