// Networking on the real kernel, once with each iptables backend, in network namespaces of its own.
// Needs root, iproute2, curl and iptables with both backends.
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { after, before, describe, test } from 'node:test';
import type { NetworkResource, Sandbox } from '../../src/daemon/network/networking.ts';
import {
  type Driver,
  hostAddress,
  idOf,
  type NetworkLab,
  onBridge,
  openNetworkLab,
  pathOf,
} from '../helpers/network-lab.ts';

const isRoot = process.geteuid?.() === 0;
const skipFor = (backend: string): string | false => {
  if (!isRoot) return 'needs root';
  return existsSync(`/usr/sbin/${backend}-restore`) ? false : `needs ${backend}`;
};

/** Mount ids and namespace numbers are new each time. */
const withoutMountNumbers = (traces: string): string => traces.replace(/^\d+ \d+ 0:4 net:\[\d+\]/gm, 'net');

for (const backend of ['iptables-nft', 'iptables-legacy']) {
  describe(`networking with ${backend}`, { skip: skipFor(backend) }, () => {
    let lab: NetworkLab;
    let driver: Driver;
    let web: Sandbox;
    let other: Sandbox;
    let untouched: string;
    const hasOtherEngine = backend === 'iptables-nft';

    before(async () => {
      lab = await openNetworkLab(backend);
      // A new namespace forwards when the host's own does. @source kernel networking/ip-sysctl devconf_inherit_init_net
      await lab.inside('host', 'sh', '-c', 'echo 0 > /proc/sys/net/ipv4/ip_forward');
      // One host as another engine leaves it, and one that forwards nothing and has no filter on bridged frames.
      if (hasOtherEngine) await lab.inside('host', backend, '-P', 'FORWARD', 'DROP');
      else await lab.inside('host', 'sh', '-c', 'echo 0 > /proc/sys/net/bridge/bridge-nf-call-iptables');
      untouched = await lab.traces();
      driver = lab.drive();
      web = await driver.call<Sandbox>('createSandbox', onBridge('a', { '80/tcp': [{ HostPort: '8080' }] }));
      other = await driver.call<Sandbox>('createSandbox', onBridge('b'));
      await lab.serve(pathOf(web), 80);
    });
    after(() => lab.close());

    test('a container has an address, a gateway and a MAC address derived from it', () => {
      assert.equal(web.ipAddress, '172.17.0.2');
      assert.equal(web.gateway, '172.17.0.1');
      assert.equal(web.macAddress, '02:42:ac:11:00:02');
      assert.deepEqual(web.ports, { '80/tcp': [{ HostIp: '0.0.0.0', HostPort: '8080' }] });
      assert.deepEqual(other.ports, { '80/tcp': null });
    });

    test('inside there are loopback and eth0, both up, and no IPv6', async () => {
      const links = await lab.inside(pathOf(web), 'ip', '-br', 'addr');
      assert.match(links.stdout, /^lo\s+UNKNOWN\s+127\.0\.0\.1\/8\s*\neth0@\S+\s+UP\s+172\.17\.0\.2\/16\s*\n$/);
      const routes = await lab.inside(pathOf(web), 'ip', 'route');
      assert.match(routes.stdout, /^default via 172\.17\.0\.1 dev eth0/);
    });

    test('a published port answers on localhost and the container sees the gateway', async () => {
      assert.equal(await lab.get('host', 'http://127.0.0.1:8080'), '172.17.0.1 200');
      assert.equal(await lab.get('host', 'http://localhost:8080'), '172.17.0.1 200');
    });

    test('a published port answers on the host’s own address', async () => {
      assert.equal(await lab.get('host', `http://${hostAddress}:8080`), `${hostAddress} 200`);
    });

    test('a published port answers to another host, whose address the container sees', async () => {
      assert.equal(await lab.get('outside', `http://${hostAddress}:8080`), '10.88.0.2 200');
    });

    test('a published port answers to another container, and to the container itself', async () => {
      assert.equal(await lab.get(pathOf(other), `http://${hostAddress}:8080`), '172.17.0.1 200');
      assert.equal(await lab.get(pathOf(web), `http://${hostAddress}:8080`), '172.17.0.1 200');
    });

    test('containers reach each other and the outside', async () => {
      assert.equal(await lab.get(pathOf(other), 'http://172.17.0.2'), '172.17.0.3 200');
      await lab.serve('outside', 9000);
      assert.equal(await lab.get(pathOf(other), 'http://10.88.0.2:9000'), `${hostAddress} 200`);
    });

    test('what is not published is not reachable by routing around the host', async () => {
      await lab.inside('outside', 'ip', 'route', 'add', '172.17.0.0/16', 'via', hostAddress);
      await lab.serve(pathOf(other), 80);
      const acceptAll = ['FORWARD', '-j', 'ACCEPT'];
      for (const asked of ['http://172.17.0.3', 'http://172.17.0.2']) {
        assert.equal(await lab.get('outside', asked), 'none');
        // Not even when another program's rule lets everything through before ours is asked.
        await lab.inside('host', backend, '-I', ...acceptAll);
        assert.equal(await lab.get('outside', asked), 'none');
        await lab.inside('host', backend, '-D', ...acceptAll);
      }
    });

    test('neither a container nor a neighbour reaches a service that listens on the host’s 127.0.0.1', async () => {
      await lab.inside('host', 'ip', 'addr', 'add', '127.0.0.9/8', 'dev', 'lo');
      await lab.serve('host', 7000);
      const jump = ['PREROUTING', '-i', 'tlab0', '-j', 'TLAB'];
      for (const [from, gateway] of [
        [pathOf(other), '172.17.0.1'],
        ['outside', hostAddress],
      ] as const) {
        await lab.inside(from, 'ip', 'link', 'set', 'lo', 'down');
        await lab.inside(from, 'sh', '-c', 'echo 1 > /proc/sys/net/ipv4/conf/all/route_localnet');
        await lab.inside(from, 'ip', 'route', 'add', '127.0.0.9/32', 'via', gateway);
        assert.equal(await lab.get(from, 'http://127.0.0.9:7000'), 'none', from);
        assert.equal(await lab.get(from, 'http://127.0.0.9:8080'), 'none', from);
        // Without the protecting rules the container would get through: what the test does is the real attack.
        await lab.inside('host', backend, '-t', 'raw', '-D', ...jump);
        const answer = from === 'outside' ? 'none' : `${other.ipAddress} 200`;
        assert.equal(await lab.get(from, 'http://127.0.0.9:7000'), answer);
        await lab.inside('host', backend, '-t', 'raw', '-I', ...jump);
        await lab.inside(from, 'ip', 'link', 'set', 'lo', 'up');
      }
      assert.equal(await lab.get('host', 'http://127.0.0.9:7000'), '127.0.0.1 200');
    });

    test('what the host did not forward before stays unforwarded, unless that would hit bridged frames', async () => {
      const last = (await lab.inside('host', backend, '-S', 'FORWARD')).stdout.trimEnd().split('\n').at(-1) ?? '';
      const seesFrames = (
        await lab.inside('host', 'cat', '/proc/sys/net/bridge/bridge-nf-call-iptables')
      ).stdout.trim();
      assert.equal(last === '-A FORWARD -j TLAB-CLOSED', seesFrames !== '1', last);
    });

    test('a port published on 127.0.0.1 answers there and nowhere else', async () => {
      const bindings = { '80/tcp': [{ HostIp: '127.0.0.1', HostPort: '8090' }] };
      const local = await driver.call<Sandbox>('createSandbox', onBridge('c', bindings));
      await lab.serve(pathOf(local), 80);
      assert.equal(await lab.get('host', 'http://127.0.0.1:8090'), '172.17.0.1 200');
      assert.equal(await lab.get('host', `http://${hostAddress}:8090`), 'none');
      assert.equal(await lab.get('outside', `http://${hostAddress}:8090`), 'none');
      await driver.call('deleteSandbox', idOf('c'));
      assert.equal(await lab.get('host', 'http://127.0.0.1:8090'), 'none');
    });

    test('a port that is taken is refused and leaves nothing behind', async () => {
      await driver.call('settle');
      const before = await lab.traces();
      const taken = onBridge('d', { '80/tcp': [{ HostPort: '8080' }] });
      await assert.rejects(driver.call('createSandbox', taken), {
        kind: 'conflict',
        message:
          /^driver failed programming external connectivity on endpoint web-d .*: Bind for 0\.0\.0\.0:8080 failed: port is already allocated$/,
      });
      await assert.rejects(driver.call('createSandbox', onBridge('d', { '80/tcp': [{ HostPort: '7000' }] })), {
        message: /listen tcp4 0\.0\.0\.0:7000: bind: address already in use/,
      });
      await driver.call('settle');
      assert.equal(await lab.traces(), before);
    });

    test('another program cannot take a published port', async () => {
      const script = 'require("node:net").createServer().listen(8080, "0.0.0.0", () => process.exit(0))';
      const ran = await lab.inside('host', process.execPath, '-e', script);
      assert.match(ran.stderr, /EADDRINUSE/);
    });

    test('containers that start at once get addresses and ports of their own', async () => {
      const requests = ['2', '3', '4', '5', '6'].map((digit) => onBridge(digit, { '80/tcp': [{ HostPort: '' }] }));
      const sandboxes = await driver.call<Sandbox[]>('createSandboxes', requests);
      assert.equal(new Set(sandboxes.map((sandbox) => sandbox.ipAddress)).size, 5);
      assert.equal(new Set(sandboxes.map((sandbox) => sandbox.ports['80/tcp']?.[0]?.HostPort)).size, 5);
      for (const request of requests) await driver.call('deleteSandbox', request.id);
    });

    test('without a network there is only loopback; the host’s network has no namespace', async () => {
      const none = await driver.call<Sandbox>('createSandbox', { ...onBridge('e'), networkMode: 'none' });
      assert.match((await lab.inside(pathOf(none), 'ip', '-br', 'link')).stdout, /^lo\s+UNKNOWN .*\n$/);
      const host = await driver.call<Sandbox>('createSandbox', { ...onBridge('f'), networkMode: 'host' });
      assert.equal(host.path, undefined);
      const joined = await driver.call<Sandbox>('createSandbox', {
        ...onBridge('0'),
        networkMode: `container:${idOf('a')}`,
      });
      assert.equal(joined.path, web.path);
      for (const digit of ['e', 'f', '0']) await driver.call('deleteSandbox', idOf(digit));
      assert.equal(await lab.get('host', 'http://127.0.0.1:8080'), '172.17.0.1 200');
    });

    test('the network’s resource has the shape of the Engine API', async () => {
      const network = await driver.call<NetworkResource>('inspectNetwork', 'bridge');
      assert.deepEqual(network.IPAM.Config, [{ Subnet: '172.17.0.0/16', Gateway: '172.17.0.1' }]);
      assert.equal(network.Containers[idOf('a')]?.IPv4Address, '172.17.0.2/16');
    });

    test('rules that somebody flushed come back with the next published port', async () => {
      for (const chain of ['FORWARD', 'TLAB-FORWARD', 'TLAB', 'TLAB-CLOSED']) {
        await lab.inside('host', backend, '-F', chain);
      }
      for (const chain of ['TLAB-FORWARD', 'TLAB', 'TLAB-CLOSED']) await lab.inside('host', backend, '-X', chain);
      assert.equal((await lab.inside('host', backend, '-S', 'TLAB')).status, 1);
      await driver.call('createSandbox', onBridge('d', { '80/tcp': [{ HostPort: '8070' }] }));
      assert.equal(await lab.get('outside', `http://${hostAddress}:8080`), '10.88.0.2 200');
      await driver.call('deleteSandbox', idOf('d'));
    });

    test('after kill -9 ports answer; a new daemon adopts what is wanted and removes the rest', async () => {
      await driver.call('settle');
      await driver.kill();
      assert.equal(await lab.get('host', 'http://localhost:8080'), '172.17.0.1 200');
      assert.equal(await lab.get('outside', `http://${hostAddress}:8080`), '10.88.0.2 200');
      driver = lab.drive();
      const restored = await driver.call<Sandbox[]>('restoreSandboxes', [idOf('a'), idOf('9')]);
      assert.deepEqual(restored, [web]);
      assert.ok(!existsSync(pathOf(other)));
      assert.equal(await lab.get('outside', `http://${hostAddress}:8080`), '10.88.0.2 200');
      await assert.rejects(driver.call('createSandbox', onBridge('d', { '80/tcp': [{ HostPort: '8080' }] })), {
        message: /port is already allocated/,
      });
      const next = await driver.call<Sandbox>('createSandbox', onBridge('1'));
      assert.equal(next.ipAddress, '172.17.0.3');
    });

    test('kill -9 in the middle of making sandboxes leaves nothing that the next start does not remove', async () => {
      // The moments are spread over the few milliseconds that it takes; whichever is hit, the outcome is the same.
      for (const delayMs of [0, 2, 4, 6, 8, 12]) {
        const asked = driver.call('createSandbox', onBridge('d', { '80/tcp': [{ HostPort: '8071' }] }));
        const ended = asked.catch(() => undefined);
        await new Promise((resolve) => setTimeout(resolve, delayMs));
        await driver.kill();
        await ended;
        driver = lab.drive();
        await driver.call('restoreSandboxes', [idOf('a')]);
        const left = await lab.traces();
        assert.equal(left.match(/^tlab-/gm)?.length, 1, left);
        assert.ok(!left.includes('8071'), left);
        assert.equal(left.match(/run\/netns/g)?.length, 1, left);
      }
    });

    test('teardown leaves the host as it was', async () => {
      await driver.call('teardown');
      assert.equal(await lab.traces(), untouched);
      assert.ok(!existsSync(`${lab.root}/run/network`));
    });

    test('typing the twins of a trace by hand makes the same network, and takes it away again', async () => {
      const argument = onBridge('a', { '80/tcp': [{ HostPort: '8080' }] });
      const making = await driver.call<string[]>('twinsOf', { method: 'createSandbox', argument });
      const made = await lab.traces();
      const undoing = await driver.call<string[]>('twinsOf', { method: 'teardown' });
      assert.equal(await lab.traces(), untouched);
      await lab.typeByHand(making);
      assert.equal(withoutMountNumbers(await lab.traces()), withoutMountNumbers(made));
      const namespace = making.flatMap((twin) => /unshare --net=(\S+)/.exec(twin)?.[1] ?? [])[0] ?? '';
      await lab.serve(namespace, 80);
      assert.equal(await lab.get('outside', `http://${hostAddress}:8080`), '10.88.0.2 200');
      await lab.typeByHand(undoing);
      assert.equal(await lab.traces(), untouched);
    });
  });
}
