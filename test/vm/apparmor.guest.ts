// AppArmor on Debian's own kernel: a profile is loaded, containers and execs are confined by it, a missing one fails create.
// Runs inside the machine of run.ts, as root; needs the package apparmor for its parser.
import assert from 'node:assert/strict';
import { mkdirSync, readFileSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { assertCause, FaultPlace } from '../faults/place.ts';
import { RuntimePlace } from '../helpers/runtime.ts';
import { must, run } from '../helpers/shell.ts';

const place = new RuntimePlace();
const faults = new FaultPlace();
const profile = 'tlab-test';
/** Allows everything but writing below /secret. */
const rules = `profile ${profile} flags=(attach_disconnected,mediate_deleted) {
  file, capability, network, signal, ptrace, umount,
  deny /secret/** w,
}
`;

before(async () => {
  assert.match(readFileSync('/sys/module/apparmor/parameters/enabled', 'utf8'), /^Y/, 'this kernel has AppArmor');
  await must('apparmor_parser', ['--replace', '--skip-cache'], { input: rules });
});
after(async () => {
  await place.remove(); // first: both are below one cgroup
  await faults.close();
  await run('apparmor_parser', ['--remove'], { input: rules });
});

const confinedBy = (name: string, args: string[], privileges: boolean) =>
  place.bundle(args, {
    edit: (config) => Object.assign(config.process, { apparmorProfile: name, noNewPrivileges: !privileges }),
    prepare: (rootfs) => mkdirSync(`${rootfs}/secret`),
  });

const script = 'cat /proc/self/attr/current; echo x > /secret/x; echo x > /open && echo wrote';

for (const privileges of [true, false]) {
  test(`a profile confines the program ${privileges ? 'with' : 'without'} new privileges`, async () => {
    const ran = await place.run(await confinedBy(profile, ['sh', '-c', script], privileges));
    assert.equal(ran.stdout, `${profile} (enforce)\nwrote\n`, ran.stderr);
    assert.match(ran.stderr, /can't create \/secret\/x: Permission denied/);
  });
}

test('an exec has the profile of its container, or its own', async () => {
  const container = await confinedBy(profile, ['sleep', '1000'], false);
  await place.start(container);
  const current = { args: ['cat', '/proc/self/attr/current'] };
  assert.equal((await place.exec(container, current)).stdout, `${profile} (enforce)\n`);
  const own = await place.exec(container, { ...current, apparmorProfile: 'unconfined' });
  assert.equal(own.stdout, 'unconfined\n', own.stderr);
});

test('a profile that is not loaded fails create with its cause', async () => {
  const created = await place.create(await confinedBy('nobody-loaded-this', ['true'], false));
  assert.equal(created.status, 1);
  assert.match(
    created.stderr,
    /asking for AppArmor profile "nobody-loaded-this": write\(2\): ENOENT .*apparmorProfile\)/,
  );
});

test('a create that fails or is killed where the profile is asked for leaves nothing', async () => {
  await faults.open();
  const plan = {
    name: 'a confined container',
    edit: (config: { process: object }) => void Object.assign(config.process, { apparmorProfile: profile }),
  };
  const one = await faults.subject(plan, ['true']);
  const index = one.plan.findIndex(({ name }) => name === 'apparmor_profile');
  const operation = one.plan[index];
  assert.ok(operation);
  faults.failAt(index, 'EIO');
  assertCause((await faults.runc(one, 'create')).stderr, operation, 'EIO');
  await faults.assertNothingLeft(one, 'after a failure');
  const killed = faults.killAt(index);
  await faults.runc(one, 'create');
  assert.ok(killed());
  faults.calm();
  await faults.must(one, 'delete', '--force');
  await faults.assertNothingLeft(one, 'after a kill');
});
