// What of another user tlab-runc takes for its own when root calls it: neither plans beside a document, nor states, since both say
// what is run as root. And what it writes itself is nobody else's to change.
import assert from 'node:assert/strict';
import { chmodSync, chownSync, copyFileSync, mkdirSync, readdirSync, renameSync, statSync, symlinkSync } from 'node:fs';
import { after, test } from 'node:test';
import { binaries } from '../helpers/binaries.ts';
import { root } from '../helpers/root.ts';
import { RuntimePlace, type TestContainer } from '../helpers/runtime.ts';
import { run } from '../helpers/shell.ts';

const place = new RuntimePlace();
after(() => place.remove());

const nobody = 65534;
/** A bundle whose config.json says `echo good`, with a plan of the same hash that says `echo evil`. */
const withEvilPlan = () =>
  place.bundle(['echo', 'good'], {
    change: (operations) =>
      operations.map((operation) =>
        operation.name === 'exec'
          ? { ...operation, arguments: { ...operation.arguments, argv: ['echo', 'evil'] } }
          : operation,
      ),
  });
const planOf = ({ bundle }: TestContainer): string => `${bundle}/plans/${readdirSync(`${bundle}/plans`)[0]}`;

test(
  'a plan of another user, one that others may write, or a link is not run: the document is compiled',
  root(),
  async () => {
    const ways: Record<string, (plan: string) => void> = {
      'owned by another': (plan) => chownSync(plan, nobody, nobody),
      'writable by all': (plan) => chmodSync(plan, 0o666),
      'a link': (plan) => {
        renameSync(plan, `${place.folder}/elsewhere`);
        chownSync(`${place.folder}/elsewhere`, nobody, nobody);
        symlinkSync(`${place.folder}/elsewhere`, plan);
      },
    };
    for (const [name, spoil] of Object.entries(ways)) {
      const container = await withEvilPlan();
      spoil(planOf(container));
      const ran = await place.run(container);
      assert.equal(ran.stdout, 'good\n', `${name}: ${ran.stderr}`);
    }
    assert.equal((await place.run(await withEvilPlan())).stdout, 'evil\n', 'root’s own plan says what is run');
  },
);

test('a stale plan is not run: its name and its content carry the document’s hash', root(), async () => {
  const [container, other] = [await place.bundle(['echo', 'good']), await place.bundle(['echo', 'evil'])];
  copyFileSync(planOf(other), planOf(container));
  const ran = await place.run(container);
  assert.notEqual(ran.stdout, 'evil\n');
  assert.match(ran.stderr, /it was compiled from another document/);
});

test('states below a directory of another user, or of everybody, are refused by every verb', root(), async () => {
  const container = await place.bundle(['true']);
  const theirs = `${place.folder}/theirs`;
  mkdirSync(theirs);
  chmodSync(place.folder, 0o755);
  const refusals = async (): Promise<void> => {
    for (const [verb = '', ...more] of [
      ['create', '--bundle', container.bundle],
      ['state'],
      ['start'],
      ['kill'],
      ['delete', '--force'],
      ['ps'],
      ['update', '--pids-limit', '9'],
      ['events', '--stats'],
      ['list'],
    ]) {
      const ids = verb === 'list' ? [] : [container.id];
      const ran = await run(`${binaries}/tlab-runc`, ['--root', theirs, verb, ...more, ...ids]);
      assert.notEqual(ran.status, 0, verb);
      assert.match(ran.stderr, /state directory ".*": (it belongs to user 65534|everybody may write to it)/, verb);
    }
  };
  chownSync(theirs, nobody, nobody);
  await refusals();
  chownSync(theirs, 0, 0);
  chmodSync(theirs, 0o777);
  await refusals();
});

test(
  'a state that another user has put into a shared, sticky directory is not taken for a container',
  root(),
  async () => {
    const container = await place.bundle(['sleep', '1000']);
    await place.start(container);
    const shared = `${place.folder}/sticky`;
    mkdirSync(shared);
    chmodSync(shared, 0o1777);
    await run('cp', ['-a', `${place.root}/${container.id}`, `${shared}/planted`]);
    await run('chown', ['-R', `${nobody}`, `${shared}/planted`]);
    for (const [verb = '', ...more] of [
      ['state'],
      ['start'],
      ['kill'],
      ['delete'],
      ['ps'],
      ['update', '--pids-limit', '9'],
      ['events', '--stats'],
      ['exec', '--cwd', '/'],
    ]) {
      const command = verb === 'exec' ? ['true'] : [];
      const ran = await run(`${binaries}/tlab-runc`, ['--root', shared, verb, ...more, 'planted', ...command]);
      assert.match(ran.stderr, /planted": it belongs to user 65534/, verb);
    }
    const listed = await run(`${binaries}/tlab-runc`, ['--root', shared, 'list', '--quiet']);
    assert.equal(listed.stdout, '');
    assert.match(listed.stderr, /planted" is damaged: .*it belongs to user 65534/);
    assert.equal((await place.state(container)).status, 'running');
  },
);

test('what a state holds, root alone may read and write', root(), async () => {
  const container = await place.bundle(['sleep', '1000']);
  await place.start(container);
  const folder = `${place.root}/${container.id}`;
  assert.equal(statSync(folder).mode & 0o066, 0);
  for (const name of readdirSync(folder)) assert.equal(statSync(`${folder}/${name}`).mode & 0o077, 0, name);
});
