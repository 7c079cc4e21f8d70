// The bundle: where it is, ids, documents that are no configuration.
// @source oci-runtime bundle, runtime#create, config#specification-version
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { basename } from 'node:path';
import { type Behaviour, on, type Refused, refusalOf, refusals, refusedWhole, type Suite } from '../behaviour.ts';
import { type Container, succeeded } from '../container.ts';
import type { Place } from '../place.ts';

export const bundleSuite: Suite = (place) => [...identifiers(place), ...bundles(place), ...refusals(place, wrong)];

const idRefused = (place: Place, id: string) =>
  on(place, ['true'], {}, async (container) => {
    const { status } = await place.call(['create', '--bundle', container.bundle, id]);
    if (status === 0) await place.call(['delete', '--force', id]);
    return status !== 0;
  });

const identifiers = (place: Place): Behaviour[] => [
  { title: 'an id with a slash is refused', observe: idRefused(place, 'a/b'), expected: true },
  { title: 'an id that leads upwards is refused', observe: idRefused(place, '..'), expected: true },
  { title: 'an empty id is refused', observe: idRefused(place, ''), expected: true },
  { title: 'an id with a space is refused', observe: idRefused(place, 'a b'), expected: true },
  {
    title: 'an id may have letters, digits and _ + - .',
    observe: on(place, ['echo', 'ran'], {}, async (container) => {
      const id = 'Aa0_+-.z';
      if (place.runtime.takesPlans)
        place.write(container.bundle, { id, text: JSON.stringify(container.config), withoutPlan: false });
      return (await place.call(['run', '--bundle', container.bundle, id])).stdout;
    }),
    expected: 'ran',
  },
];

/** The container's bundle after a change, created. */
const broken = (place: Place, change: (container: Container) => void, words: RegExp): (() => Promise<unknown>) =>
  on(place, ['true'], { withoutPlan: true }, (container) => {
    change(container);
    return refusalOf(container, words);
  });

const readIn = (place: Place, name: string): string =>
  existsSync(`${place.folder}/${name}`) ? readFileSync(`${place.folder}/${name}`, 'utf8') : 'not there';

const bundles = (place: Place): Behaviour[] => [
  {
    title: 'the bundle is the current directory when --bundle is not given',
    observe: on(place, ['echo', 'here'], {}, async (container) => {
      return (await place.call(['run', container.id], { cwd: container.bundle })).stdout;
    }),
    expected: 'here',
  },
  {
    title: '--bundle may be relative, the state has it absolute',
    observe: on(place, ['sleep', '1000'], {}, async (container) => {
      succeeded(await place.call(['create', '--bundle', container.id, container.id], { cwd: place.folder }));
      return (await container.state()).bundle === container.bundle;
    }),
    expected: true,
  },
  {
    title: 'a relative --root is from where the caller stands',
    observe: on(place, ['sleep', '1000'], {}, async (container) => {
      const words = ['--root', basename(place.root), 'create', '--bundle', container.id, container.id];
      succeeded(await place.call(words, { cwd: place.folder }));
      const isThere = container.left().includes('its state');
      if (!isThere) await place.call(['--root', `${container.bundle}/state`, 'delete', '--force', container.id]);
      return isThere;
    }),
    expected: true,
  },
  {
    title: 'a relative --pid-file is from where the caller stands',
    observe: on(place, ['sleep', '1000'], {}, async (container) => {
      const words = ['create', '--pid-file', 'relative', '--bundle', container.id, container.id];
      succeeded(await place.call(words, { cwd: place.folder }));
      return readIn(place, 'relative') === String((await container.state()).pid);
    }),
    expected: true,
  },
  {
    title: 'a relative --log is from where the caller stands',
    observe: on(place, ['sleep', '1000'], {}, async (container) => {
      await container.created();
      await place.call(['--log', 'said', 'create', '--bundle', container.id, container.id], { cwd: place.folder });
      return readIn(place, 'said');
    }),
    expected: /exist/,
  },
  {
    title: 'a property that the specification does not know is passed over',
    observe: on(
      place,
      ['echo', 'ran'],
      {
        edit: (config) => {
          config.unknownThing = { deep: [1, 2] };
          config.process.alsoUnknown = true;
        },
      },
      async (container) => (await container.run()).stdout,
    ),
    expected: 'ran',
  },
  {
    title: 'a bundle that is not there is refused',
    observe: async () => (await place.call(['create', '--bundle', '/no/where', 'nobody'])).status !== 0,
    expected: true,
  },
  {
    title: 'a bundle without config.json is refused',
    observe: broken(place, ({ bundle }) => rmSync(`${bundle}/config.json`), /config\.json|no such file/i),
    expected: refusedWhole,
  },
  {
    title: 'a config.json that is not JSON is refused',
    observe: broken(
      place,
      ({ bundle }) => writeFileSync(`${bundle}/config.json`, '{"ociVersion":'),
      /json|parse|EOF|unexpected/i,
    ),
    expected: refusedWhole,
  },
  {
    title: 'an empty config.json is refused',
    observe: broken(
      place,
      ({ bundle }) => writeFileSync(`${bundle}/config.json`, ''),
      /json|parse|EOF|empty|unexpected/i,
    ),
    expected: refusedWhole,
  },
  {
    title: 'a refused bundle leaves no state that list could show',
    observe: async () => {
      await broken(place, ({ bundle }) => rmSync(`${bundle}/config.json`), /./)();
      return existsSync(place.root) && (await place.call(['list', '--quiet'])).stdout.includes(`c${place.last}`);
    },
    expected: false,
  },
];

const wrong: readonly Refused[] = [
  [
    'a configuration without ociVersion is refused',
    (config) => delete config.ociVersion,
    /ociVersion|version|config\.json/i,
  ],
  [
    'a configuration of version 2 is refused',
    (config) => Object.assign(config, { ociVersion: '2.0.0' }),
    /2\.0\.0|version/i,
  ],
  [
    'a version that is not semantic is refused',
    (config) => Object.assign(config, { ociVersion: 'newest' }),
    /newest|version/i,
  ],
  [
    'process.args that is text is refused',
    ({ process }) => Object.assign(process, { args: 'true' }),
    /args|type|unmarshal/i,
  ],
  [
    'a uid that is text is refused',
    ({ process }) => Object.assign(process, { user: { uid: 'root', gid: 0 } }),
    /uid|type|unmarshal/i,
  ],
  [
    'mounts that are an object are refused',
    (config) => Object.assign(config, { mounts: {} }),
    /mounts|type|unmarshal/i,
  ],
];
