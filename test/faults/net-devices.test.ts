// A device of the host that is moved into a container, failed and killed under: before the move the host has it as it was; afterwards it ends
// with the container's network, as one of this kind does. Needs root, ip.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { root } from '../helpers/root.ts';
import { must, run } from '../helpers/shell.ts';
import { assertCause, FaultPlace, type Subject } from './place.ts';

const place = new FaultPlace();
const device = `tlabfd${process.pid % 100000}`;
before(() => place.open());
after(async () => {
  await place.close();
  await run('ip', ['link', 'delete', device]);
});

const withDevice = {
  name: 'a container with a device of the host',
  edit: (config: { linux: object }) => void Object.assign(config.linux, { netDevices: { [device]: { name: 'lan0' } } }),
};

/** What the host shows of the device, without what changes by itself; '' when it is gone. */
async function shown(): Promise<string> {
  const { status, stdout } = await run('ip', ['-o', 'address', 'show', 'dev', device]);
  return status === 0 ? stdout.replaceAll(/^\d+: /gm, '') : '';
}

/** On the host, up, with an address. The kernel takes a network that ended apart later: the other end may still be there. */
async function givenDevice(): Promise<string> {
  for (const end of [device, `${device}p`]) await run('ip', ['link', 'delete', end]);
  await must('ip', ['link', 'add', device, 'type', 'veth', 'peer', 'name', `${device}p`]);
  await must('ip', ['address', 'add', '192.0.2.7/24', 'dev', device]);
  await must('ip', ['link', 'set', device, 'up']);
  return shown();
}

const moveOf = ({ plan }: Subject): number => plan.findIndex(({ name }) => name === 'net_device');

for (const fault of ['fail', 'kill'] as const) {
  test(
    `${fault} at each operation: the device is on the host as it was, or gone with the network`,
    root(),
    async () => {
      const one = await place.subject(withDevice, ['true']);
      const move = moveOf(one);
      assert.ok(move > 0);
      for (const index of [0, move - 1, move, move + 1, one.plan.findIndex(({ name }) => name === 'pivot_root')]) {
        const before = await givenDevice();
        const killed = fault === 'kill' ? place.killAt(index) : undefined;
        if (fault === 'fail') place.failAt(index, 'EIO');
        const { stderr } = await place.runc(one, 'create');
        place.calm();
        const operation = one.plan[index];
        assert.ok(operation);
        if (fault === 'fail') assertCause(stderr, operation, 'EIO');
        else {
          assert.ok(killed?.(), operation.name);
          await place.must(one, 'delete', '--force');
        }
        await place.assertNothingLeft(one, `${fault} at operation ${index}, ${operation.name}`);
        assert.equal(await shown(), index <= move ? before : '', `${fault} at ${operation.name}`);
      }
    },
  );
}

test('a name that is taken in the container fails the move, and the host keeps the device', root(), async () => {
  const clash = {
    ...withDevice,
    edit: (config: { linux: object }) => void Object.assign(config.linux, { netDevices: { [device]: { name: 'lo' } } }),
  };
  const before = await givenDevice();
  const one = await place.subject(clash, ['true']);
  const { status, stderr } = await place.runc(one, 'create');
  assert.equal(status, 1);
  assert.match(stderr, /the container has one of the name "lo" \(config.json \/linux\/netDevices/);
  await place.assertNothingLeft(one, 'after a name that is taken');
  assert.equal(await shown(), before);
});
