// Every command: its name, one line about it, its group in the overview, and how its file is loaded. The path of a file is
// the name of its command. Rule: loads stay lazy, so that `tlab ps` reads no other command's code.
import type { CommandClass } from './command.ts';

export interface CatalogueRow {
  says: string;
  group: 'learn' | 'containers' | 'images' | 'see' | 'engine';
  hidden?: boolean;
  /** Docker's longer name of another command: shown in the help of its topic only. */
  isLonger?: boolean;
  /** Other names of the same command. */
  aliases?: readonly string[];
  load: () => Promise<{ default: CommandClass }>;
}

export const groups: Record<CatalogueRow['group'], string> = {
  learn: 'Learn',
  see: 'See what happens',
  containers: 'Containers',
  images: 'Images',
  engine: 'The engine',
};

const commands: Record<string, CatalogueRow> = {
  learn: { group: 'learn', says: 'Go on with the course', load: () => import('./commands/learn.ts') },
  check: { group: 'learn', says: 'Ask whether the step is passed', load: () => import('./commands/check.ts') },
  hint: { group: 'learn', says: 'Get help, a little more each time', load: () => import('./commands/hint.ts') },
  next: { group: 'learn', says: 'Check, and show the next step', load: () => import('./commands/next.ts') },
  skip: { group: 'learn', says: 'Leave a step for later', load: () => import('./commands/skip.ts') },
  reset: { group: 'learn', says: 'Take a step or a lesson again', load: () => import('./commands/reset.ts') },
  'lesson new': { group: 'learn', says: 'Begin a lesson', load: () => import('./commands/lesson/new.ts') },
  'lesson lint': {
    group: 'learn',
    says: 'Find what is wrong with lessons',
    load: () => import('./commands/lesson/lint.ts'),
  },
  'lesson test': {
    group: 'learn',
    says: 'Prove lessons on this machine',
    load: () => import('./commands/lesson/test.ts'),
  },
  prove: {
    group: 'learn',
    says: 'Show the evidence for an entry of the course',
    load: () => import('./commands/prove.ts'),
  },
  quiz: { group: 'learn', says: 'Answer questions about what was recorded', load: () => import('./commands/quiz.ts') },
  review: { group: 'learn', says: 'Repeat what is due', load: () => import('./commands/review.ts') },
  interview: {
    group: 'learn',
    says: 'Answer interview questions against the clock',
    load: () => import('./commands/interview.ts'),
  },
  'quiz export': {
    group: 'learn',
    says: 'Write the questions as cards, for Anki',
    load: () => import('./commands/quiz/export.ts'),
  },
  notes: {
    group: 'learn',
    says: 'What was learnt, as Markdown to take away',
    load: () => import('./commands/notes.ts'),
  },
  'notes add': { group: 'learn', says: 'Add a note of your own', load: () => import('./commands/notes/add.ts') },
  place: {
    group: 'learn',
    says: 'Find out where to begin, by ten questions',
    load: () => import('./commands/place.ts'),
  },
  accessibility: {
    group: 'learn',
    says: 'How tlab speaks: plain mode, colours, width',
    load: () => import('./commands/accessibility.ts'),
  },
  list: { group: 'learn', says: 'List the lessons', load: () => import('./commands/list.ts') },
  run: { group: 'containers', says: 'Create and run a new container', load: () => import('./commands/run.ts') },
  create: {
    group: 'containers',
    says: 'Create a container, do not start it',
    load: () => import('./commands/create.ts'),
  },
  start: { group: 'containers', says: 'Start stopped containers', load: () => import('./commands/start.ts') },
  stop: { group: 'containers', says: 'Stop running containers', load: () => import('./commands/stop.ts') },
  kill: { group: 'containers', says: 'Send a signal to containers', load: () => import('./commands/kill.ts') },
  restart: { group: 'containers', says: 'Stop and start containers', load: () => import('./commands/restart.ts') },
  pause: { group: 'containers', says: 'Freeze all processes of containers', load: () => import('./commands/pause.ts') },
  unpause: { group: 'containers', says: 'Let frozen containers go on', load: () => import('./commands/unpause.ts') },
  rm: { group: 'containers', says: 'Remove containers', load: () => import('./commands/rm.ts') },
  ps: { group: 'containers', says: 'List containers', load: () => import('./commands/ps.ts') },
  logs: { group: 'containers', says: "Show a container's output", load: () => import('./commands/logs.ts') },
  exec: { group: 'containers', says: 'Run a command in a running container', load: () => import('./commands/exec.ts') },
  attach: { group: 'containers', says: "Join a container's streams", load: () => import('./commands/attach.ts') },
  wait: {
    group: 'containers',
    says: 'Wait until containers stop; print their status',
    load: () => import('./commands/wait.ts'),
  },
  top: { group: 'containers', says: "Show a container's processes", load: () => import('./commands/top.ts') },
  port: { group: 'containers', says: 'Show published ports', load: () => import('./commands/port.ts') },
  rename: { group: 'containers', says: 'Give a container another name', load: () => import('./commands/rename.ts') },
  inspect: {
    group: 'containers',
    says: 'Show everything known about an object',
    load: () => import('./commands/inspect.ts'),
  },
  images: { group: 'images', says: 'List images', load: () => import('./commands/images.ts') },
  build: { group: 'images', says: 'Build an image from a Dockerfile', load: () => import('./commands/build.ts') },
  'builder prune': {
    group: 'images',
    says: 'Remove what the build cache holds',
    load: () => import('./commands/builder/prune.ts'),
  },
  pull: {
    group: 'images',
    says: 'Fetch an image from a registry or the library',
    load: () => import('./commands/pull.ts'),
  },
  push: { group: 'images', says: 'Send an image to its registry', load: () => import('./commands/push.ts') },
  login: { group: 'images', says: 'Log in to a registry', load: () => import('./commands/login.ts') },
  logout: { group: 'images', says: 'Log out of a registry', load: () => import('./commands/logout.ts') },
  search: {
    group: 'images',
    hidden: true,
    says: 'Not there: registries have no search',
    load: () => import('./commands/search.ts'),
  },
  lint: {
    group: 'images',
    says: 'Check a Dockerfile; every finding with its reason',
    load: () => import('./commands/lint.ts'),
  },
  tag: { group: 'images', says: 'Give an image another name', load: () => import('./commands/tag.ts') },
  history: { group: 'images', says: 'Show how an image was made', load: () => import('./commands/history.ts') },
  cp: {
    group: 'containers',
    says: 'Copy files between a container and this machine',
    load: () => import('./commands/cp.ts'),
  },
  diff: {
    group: 'containers',
    says: 'List what a container changed in its files',
    load: () => import('./commands/diff.ts'),
  },
  export: {
    group: 'containers',
    says: 'Write all files of a container as an archive',
    load: () => import('./commands/export.ts'),
  },
  commit: { group: 'containers', says: 'Make an image of a container', load: () => import('./commands/commit.ts') },
  save: { group: 'images', says: 'Write images as an archive', load: () => import('./commands/save.ts') },
  load: { group: 'images', says: 'Read images from an archive', load: () => import('./commands/load.ts') },
  import: { group: 'images', says: 'Make an image of an archive of files', load: () => import('./commands/import.ts') },
  rmi: { group: 'images', says: 'Remove images', load: () => import('./commands/rmi.ts') },
  layers: {
    group: 'see',
    says: 'What each layer of an image is and changed',
    load: () => import('./commands/layers.ts'),
  },
  digest: {
    group: 'see',
    says: 'How each identity of an image is computed',
    load: () => import('./commands/digest.ts'),
  },
  'image inspect': {
    group: 'images',
    isLonger: true,
    says: 'Show everything known about images',
    load: () => import('./commands/image/inspect.ts'),
  },
  'image prune': {
    group: 'images',
    says: 'Remove images that nothing uses',
    load: () => import('./commands/image/prune.ts'),
  },
  'container inspect': {
    group: 'containers',
    isLonger: true,
    says: 'Show everything known about containers',
    load: () => import('./commands/container/inspect.ts'),
  },
  'container prune': {
    group: 'containers',
    says: 'Remove all containers that do not run',
    load: () => import('./commands/container/prune.ts'),
  },
  'system df': {
    group: 'engine',
    says: 'Show what takes how much disk space',
    load: () => import('./commands/system/df.ts'),
  },
  'system prune': {
    group: 'engine',
    says: 'Remove what nothing uses',
    load: () => import('./commands/system/prune.ts'),
  },
  events: { group: 'engine', says: "Follow the daemon's events", load: () => import('./commands/events.ts') },
  info: { group: 'engine', says: 'Show what the engine is made of', load: () => import('./commands/info.ts') },
  version: {
    group: 'engine',
    says: 'Show the versions of client and engine',
    load: () => import('./commands/version.ts'),
  },
  'trace run': {
    group: 'see',
    says: 'Run a container and record every step',
    load: () => import('./commands/trace/run.ts'),
  },
  'trace build': {
    group: 'see',
    says: 'Build an image and record every step',
    load: () => import('./commands/trace/build.ts'),
  },
  'trace pull': {
    group: 'see',
    says: 'Pull an image and record every step',
    load: () => import('./commands/trace/pull.ts'),
  },
  'trace push': {
    group: 'see',
    says: 'Push an image and record every step',
    load: () => import('./commands/trace/push.ts'),
  },
  'trace cp': {
    group: 'see',
    says: 'Copy files and record every step',
    load: () => import('./commands/trace/cp.ts'),
  },
  'trace script': {
    group: 'see',
    says: 'Run the lines of a script under one trace',
    load: () => import('./commands/trace/script.ts'),
  },
  'trace show': {
    group: 'see',
    says: 'Show a trace, from story to system call',
    load: () => import('./commands/trace/show.ts'),
  },
  'trace view': {
    group: 'see',
    says: 'Walk through a trace on the whole screen',
    load: () => import('./commands/trace/view.ts'),
  },
  'trace filters': {
    group: 'see',
    says: 'List filters that have names, or name one',
    load: () => import('./commands/trace/filters.ts'),
  },
  'trace ls': { group: 'see', says: 'List the traces of this host', load: () => import('./commands/trace/ls.ts') },
  'trace diff': {
    group: 'see',
    says: 'What two traces did differently, and why',
    load: () => import('./commands/trace/diff.ts'),
  },
  'trace export': { group: 'see', says: 'Write a trace to a file', load: () => import('./commands/trace/export.ts') },
  'trace xray': {
    group: 'see',
    says: 'Record a run of the installed Docker',
    load: () => import('./commands/trace/xray.ts'),
  },
  'trace twin': {
    group: 'see',
    says: 'Write a run as a shell script',
    load: () => import('./commands/trace/twin.ts'),
  },
  'trace rm': { group: 'see', says: 'Remove traces', load: () => import('./commands/trace/rm.ts') },
  diagram: {
    group: 'see',
    says: 'Draw a machine of the engine, or what a trace tells',
    load: () => import('./commands/diagram.ts'),
  },
  why: { group: 'see', says: 'Why an event of a trace happened', load: () => import('./commands/why.ts') },
  'plan show': {
    group: 'see',
    says: 'Print the kernel operations of a bundle',
    load: () => import('./commands/plan/show.ts'),
  },
  doctor: {
    group: 'engine',
    says: 'What this machine can do, and how to help it',
    load: () => import('./commands/doctor.ts'),
  },
  'system start': { group: 'engine', says: 'Start the daemon', load: () => import('./commands/system/start.ts') },
  'system stop': {
    group: 'engine',
    says: 'Stop the daemon; containers go on',
    load: () => import('./commands/system/stop.ts'),
  },
  'system status': {
    group: 'engine',
    says: 'Show what of the engine is running',
    load: () => import('./commands/system/status.ts'),
  },
  'system reset': {
    group: 'engine',
    says: 'Remove everything that tlab made',
    load: () => import('./commands/system/reset.ts'),
  },
  'registry serve': {
    group: 'images',
    says: 'Serve a registry, or a cache of one',
    load: () => import('./commands/registry/serve.ts'),
  },
  'library build': { group: 'images', says: 'Build offline images', load: () => import('./commands/library/build.ts') },
  'library ls': { group: 'images', says: 'List the offline images', load: () => import('./commands/library/ls.ts') },
  'library rm': { group: 'images', says: 'Remove offline images', load: () => import('./commands/library/rm.ts') },
};

/** Docker's longer names, by the shorter one; those that are not in the table yet are left out. */
const longer: Record<string, readonly string[]> = {
  image: ['build', 'history', 'import', 'load', 'pull', 'push', 'save', 'tag'],
  container: [
    ...['attach', 'commit', 'cp', 'create', 'diff', 'exec', 'export', 'kill', 'logs', 'pause', 'port', 'rename'],
    ...['restart', 'rm', 'run', 'start', 'stats', 'stop', 'top', 'unpause', 'update', 'wait'],
  ],
  system: ['events', 'info'],
};

/** Where Docker's longer name has another verb. */
const longerVerbs: ReadonlyArray<[name: string, shorter: string, hidden?: true]> = [
  ['image ls', 'images'],
  ['image list', 'images', true],
  ['image rm', 'rmi'],
  ['image remove', 'rmi', true],
  ['container ls', 'ps'],
  ['container list', 'ps', true],
  ['container ps', 'ps', true],
  ['container remove', 'rm', true],
];

function longerNames(): Record<string, CatalogueRow> {
  const same = Object.entries(longer).flatMap(([topic, verbs]) =>
    verbs.map((verb): [string, string, hidden?: true] => [`${topic} ${verb}`, verb]),
  );
  return Object.fromEntries(
    [...same, ...longerVerbs].flatMap(([name, shorter, hidden = false]) => {
      const row = commands[shorter];
      return row === undefined ? [] : [[name, { ...row, hidden, isLonger: true }]];
    }),
  );
}

/** Key: the words of the command's name. */
export const catalogue: Record<string, CatalogueRow> = { ...commands, ...longerNames() };

/** One line about each first word that has commands below it. */
export const topics: Record<string, string> = {
  trace: 'Run a command and see every step of it',
  lesson: 'For authors of lessons',
  quiz: 'Questions about what was recorded',
  notes: 'What was learnt, and notes of your own',
  image: 'Images: list, name, look into and remove them',
  builder: 'The build cache',
  container: "Containers, by Docker's longer names",
  system: 'Start, stop, measure, clean and reset the engine',
  registry: 'A registry of your own',
  library: 'Images built from packages of this host, for use offline',
  plan: 'The kernel operations that a container is made of',
};
