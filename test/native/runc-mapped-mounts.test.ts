// Mounts with mapped ids on the real kernel: binds by their own maps, by those of the user namespace, recursive ones. Needs root.
import assert from 'node:assert/strict';
import { chmodSync, chownSync, mkdirSync, readFileSync, statSync } from 'node:fs';
import { after, test } from 'node:test';
import { root } from '../helpers/root.ts';
import { RuntimePlace } from '../helpers/runtime.ts';
import { must } from '../helpers/shell.ts';
import { addMount, map, volumeIn } from '../helpers/volumes.ts';

const place = new RuntimePlace();
after(() => place.remove());
if (root().skip === false) chmodSync(place.folder, 0o755);

const volume = (name: string): string => volumeIn(place.folder, name);

test('ids of a bind are mapped as the mount says; what is made there has the other id on disk', root(), async () => {
  const source = volume('mapped');
  chownSync(source, 7, 7);
  const container = await place.bundle(['sh', '-c', 'stat -c "%n %u %g" /mapped/*; touch /mapped/made'], {
    edit: (config) => {
      Object.assign(config.process, { user: { uid: 1007, gid: 1007 } });
      addMount(config, {
        destination: '/mapped',
        type: 'bind',
        source,
        options: ['bind', 'idmap'],
        uidMappings: [{ containerID: 0, hostID: 1000, size: 100 }],
        gidMappings: [{ containerID: 0, hostID: 1000, size: 100 }],
      });
    },
  });
  const ran = await place.run(container);
  assert.equal(ran.stdout, '/mapped/of-0 1000 1000\n/mapped/of-7 1007 1007\n', ran.stderr);
  const { uid, gid } = statSync(`${source}/made`);
  assert.deepEqual([uid, gid], [7, 7]);
});

test("beside a user namespace its maps are taken, so that the host's files keep their owners", root(), async () => {
  const source = volume('taken');
  const script = 'stat -c "%n %u" /taken/of* /plain/of*; touch /taken/made && echo x > /taken/of-0; touch /plain/made';
  const container = await place.bundle(['sh', '-c', script], {
    edit: (config) => {
      (config.linux.namespaces as unknown[]).push({ type: 'user' });
      Object.assign(config.linux, { uidMappings: map, gidMappings: map });
      addMount(config, { destination: '/taken', type: 'bind', source, options: ['rbind', 'idmap'] });
      addMount(config, { destination: '/plain', type: 'bind', source, options: ['rbind'] });
    },
  });
  await must('chown', ['-R', '100000:100000', `${container.bundle}/rootfs`]);
  const ran = await place.run(container);
  assert.equal(ran.stdout, '/taken/of-0 0\n/taken/of-7 7\n/plain/of-0 65534\n/plain/of-7 65534\n', ran.stderr);
  assert.match(ran.stderr, /\/plain\/made: Permission denied/);
  assert.equal(statSync(`${source}/made`).uid, 0);
  assert.equal(readFileSync(`${source}/of-0`, 'utf8'), 'x\n');
});

test(
  'ridmap maps what is mounted below too, idmap does not; nothing mounted later travels to the host',
  root(),
  async () => {
    const source = volume('tree');
    mkdirSync(`${source}/below`);
    await must('mount', ['-t', 'tmpfs', '-o', 'mode=755', 'tmpfs', `${source}/below`]);
    try {
      const mounts = ['idmap', 'ridmap'].map((word) => ({
        destination: `/${word}`,
        type: 'bind',
        source,
        options: ['rbind', word],
        uidMappings: map,
        gidMappings: map,
      }));
      const container = await place.bundle(
        ['sh', '-c', 'stat -c "%n %u" /*idmap/below; grep idmap /proc/self/mountinfo'],
        {
          edit: (config) => {
            for (const mount of mounts) addMount(config, mount);
          },
        },
      );
      const ran = await place.run(container);
      assert.match(ran.stdout, /^\/idmap\/below 0\n\/ridmap\/below 100000\n/, ran.stderr);
      assert.ok(!/shared:/.test(ran.stdout), ran.stdout);
    } finally {
      await must('umount', [`${source}/below`]);
    }
  },
);

test(
  'a file system that knows no mapped ids is an error that names the mount, and nothing is left',
  root(),
  async () => {
    const container = await place.bundle(['true'], {
      edit: (config) => {
        addMount(config, {
          destination: '/mapped',
          type: 'bind',
          source: '/proc/self',
          options: ['bind', 'idmap'],
          uidMappings: map,
          gidMappings: map,
        });
      },
    });
    const created = await place.create(container);
    assert.match(
      created.stderr,
      /mounting "\/proc\/self" on "\/mapped" with mapped ids, which its file system may not know: mount_setattr\(2\): EINVAL .*\(config.json \/mounts\/\d+\)/,
    );
    assert.deepEqual(place.cgroups(container), []);
  },
);
