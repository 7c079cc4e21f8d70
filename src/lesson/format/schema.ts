// What the YAML of a lesson may say: its header and its typed blocks. One schema gives the types, the checks and the error messages.
import * as v from 'valibot';

/** Lessons of a newer format are refused, older ones are read. */
export const formatVersion = 1;

const id = v.pipe(v.string(), v.regex(/^[a-z][a-z0-9-]*$/, 'expected small letters, digits and hyphens'));
const syllabusId = v.pipe(v.string(), v.regex(/^[A-Z]{3}-\d+$/, 'expected an id of the syllabus, as STK-1'));
const text = v.pipe(v.string(), v.nonEmpty('expected some words'));
const count = v.pipe(v.number(), v.safeInteger('expected a whole number'), v.minValue(0, 'expected 0 or more'));
const scalar = v.union([v.string(), v.number(), v.boolean()]);

/** How a value comes to be, once an attempt, from its seed; `fixed` is also what a plain text means. */
export const variable = v.union([
  scalar,
  v.strictObject({ pick: v.pipe(v.array(scalar), v.minLength(1, 'expected one value at least')) }),
  v.strictObject({ range: v.tuple([count, count]) }),
  /** So many random letters and digits: what nobody can have typed before. */
  v.strictObject({ token: count }),
]);
export type Variable = v.InferOutput<typeof variable>;

/** What a host must have, each with a check of `tlab doctor`'s kind. */
export const requirements = [
  'linux',
  'root',
  'engine',
  'tracer',
  'cgroup-v1',
  'cgroup-v2',
  'docker',
  'ctr',
  'runc',
  'crun',
  'skopeo',
] as const;

/** Lengths of a class: which lessons it takes. */
export const profiles = ['45m', '90m', 'day'] as const;

export const header = v.strictObject({
  format: v.pipe(count, v.minValue(1, 'expected 1')),
  id,
  title: text,
  /** Entries of the syllabus that somebody who passes this can answer. */
  covers: v.array(syllabusId),
  /** 1: no knowledge of containers; 2: has used Docker; 3: wants to know why. */
  level: v.picklist([1, 2, 3]),
  minutes: v.pipe(count, v.minValue(1, 'expected a minute at least')),
  profiles: v.optional(v.array(v.picklist(profiles)), ['day']),
  /** Lessons that come before, by id. */
  needs: v.optional(v.array(id), []),
  requires: v.optional(v.array(v.picklist(requirements)), []),
  /** References that must be in the engine's store or the offline library. */
  images: v.optional(v.array(text), []),
  vars: v.optional(v.record(id, variable), {}),
  /** The recording that stands in where the host cannot run it, below traces/. */
  trace: v.optional(text),
  /** alone: it stops parts of the engine, or listens to all of it, so no other lesson is proved beside it. */
  engine: v.optional(v.picklist(['shared', 'alone']), 'shared'),
  /** Shell, run before the first step and after the last; both may be run twice. */
  setup: v.optional(text),
  teardown: v.optional(text),
});
export type Header = v.InferOutput<typeof header>;

const range = v.strictObject({ min: v.optional(v.number()), max: v.optional(v.number()) });
/** What a fact has to be: equal (a text may have * and ?), one of, within, not there, or none of that. */
const plainMatcher = v.union([
  scalar,
  range,
  v.strictObject({ in: v.pipe(v.array(scalar), v.minLength(1, 'expected one value at least')) }),
  v.strictObject({ has: v.union([scalar, v.array(scalar)]) }),
  v.strictObject({ absent: v.literal(true) }),
]);
export const matcher = v.union([plainMatcher, v.strictObject({ not: plainMatcher })]);
export type Matcher = v.InferOutput<typeof matcher>;

/** `500us`, `10ms`, `2s`. */
const duration = v.pipe(v.string(), v.regex(/^\d+(\.\d+)?(us|ms|s)$/, 'expected a time with us, ms or s'));

/** Trace assertions: filters of `trace show --filter`. */
export const traceAssertion = v.union([
  v.strictObject({ none: text }),
  v.strictObject({ count: text, is: v.union([count, range]) }),
  v.strictObject({
    exists: text,
    /** One that comes after it. */
    before: v.optional(text),
    /** One that comes earlier. */
    after: v.optional(text),
    within: v.optional(duration),
    /** Stage or process that does it. */
    by: v.optional(text),
    /** Fields of its data. */
    with: v.optional(v.record(v.string(), matcher)),
  }),
]);
export type TraceAssertion = v.InferOutput<typeof traceAssertion>;

/**
 * Where something is looked for: in the host's namespaces or in a container's. `container` is a name of the engine, or the absolute path of a
 * file with the number of a process, for what no engine knows.
 */
const inside = v.optional(text);

/** What each state probe is asked, by its name; every one gives facts, which `want` is held against. */
export const probes = {
  /** Facts: `inspect` of the container; absent when there is none. */
  container: text,
  image: text,
  /** /proc/<pid>/status of a container's first process, or of the one with that name in it; without a container, of the host's. */
  process: v.pipe(
    v.strictObject({ container: inside, name: v.optional(text) }),
    v.check((one) => one.container !== undefined || one.name !== undefined, 'expected container, name or both'),
  ),
  /** The namespace of a container's first process: id, isHost, and sharedWith (another container). */
  namespace: v.strictObject({
    container: text,
    kind: v.picklist(['cgroup', 'ipc', 'mnt', 'net', 'pid', 'time', 'user', 'uts']),
    sharedWith: v.optional(text),
  }),
  /** One line of mountinfo. */
  mount: v.strictObject({ container: inside, path: text }),
  /** A file of a container's cgroup, as it is named on either version. */
  cgroup: v.strictObject({ container: text, v1: v.optional(text), v2: v.optional(text) }),
  file: v.strictObject({ container: inside, path: text }),
  /** A TCP port of the host: open, and what it answers to GET /. */
  port: v.strictObject({
    port: v.union([count, text]),
    address: v.optional(text, '127.0.0.1'),
    path: v.optional(text),
  }),
  /**
   * A process of the engine itself: /proc/<pid>/status of it, and state, answers (its socket), isYounger (than the container's first process)
   * and isParent (of it). A shim is the container's. Asking starts nothing.
   */
  engine: v.strictObject({ part: v.picklist(['tlabd', 'tlab-containerd', 'shim']), container: inside }),
  /** An object of containerd, in one of its namespaces; the daemon need not run. */
  containerd: v.pipe(
    v.strictObject({
      namespace: text,
      image: v.optional(text),
      container: v.optional(text),
      task: v.optional(text),
      snapshot: v.optional(text),
    }),
    v.check(
      ({ image, container, task, snapshot }) =>
        [image, container, task, snapshot].filter((one) => one !== undefined).length === 1,
      'expected one of image, container, task, snapshot beside the namespace',
    ),
  ),
  /** Rules of netfilter, of both backends, whose text has every part of `match`. */
  rule: v.strictObject({
    container: inside,
    table: v.picklist(['filter', 'nat', 'mangle', 'raw']),
    chain: v.optional(text),
    match: v.optional(v.union([text, v.array(text)])),
  }),
  /** A route: `default`, a destination, or the one that an address takes. */
  route: v.strictObject({ container: inside, to: v.optional(text, 'default') }),
  link: v.strictObject({ container: inside, name: text }),
  /** resolv.conf; with a name, what it resolves to. */
  dns: v.strictObject({ container: inside, name: v.optional(text) }),
  /** What an image is made of, and what it shares with another one. */
  layers: v.strictObject({ image: text, sharedWith: v.optional(text) }),
  /** What a container has changed in its files: its upper directory. */
  upper: v.strictObject({ container: text, path: v.optional(text) }),
  /** What a container has written. */
  output: v.strictObject({ container: text }),
  /** A registry at host:port: what it has, or what one name there is. */
  registry: v.strictObject({ address: text, repository: v.optional(text), reference: v.optional(text) }),
  /** A Dockerfile of the host, by its path: what the linter finds in it. */
  dockerfile: text,
} as const;
export type ProbeName = keyof typeof probes;

const probeEntries = Object.fromEntries(
  Object.entries(probes).map(([name, selector]) => [name, v.optional(selector)]),
) as { [Name in ProbeName]: v.OptionalSchema<(typeof probes)[Name], undefined> };

const probeNames = Object.keys(probes) as ProbeName[];
const otherFact = v.pipe(
  v.strictObject({ fact: text, ...probeEntries }),
  v.check(
    (one) => probeNames.filter((name) => one[name] !== undefined).length === 1,
    `expected exactly one of ${probeNames.join(', ')}`,
  ),
);
export type OtherFact = v.InferOutput<typeof otherFact>;
const same = v.strictObject({ same: otherFact });
/** What is only known when it is asked: the fact that another probe finds, as `{same: {layers: {image: web}, fact: diffIds.1}}`. */
const wish = v.union([matcher, same, v.strictObject({ not: same })]);
export type Wish = v.InferOutput<typeof wish>;
const want = v.record(v.string(), wish);

const checkFields = {
  id,
  /** What is true when it passes, in the learner's words. */
  says: text,
  /** Checks of this step that must have passed first. */
  needs: v.optional(v.array(id), []),
  /** once: it stays passed. now: it is looked at again whenever the step is. */
  holds: v.optional(v.picklist(['once', 'now'])),
  want: v.optional(want),
  trace: v.optional(traceAssertion),
  ...probeEntries,
};
const checkKinds = [...probeNames, 'trace' as const];

export const check = v.pipe(
  v.strictObject(checkFields),
  v.check(
    (one) => checkKinds.filter((kind) => one[kind] !== undefined).length === 1,
    `expected exactly one of ${checkKinds.join(', ')}`,
  ),
  v.check((one) => one.trace === undefined || one.want === undefined, 'want stands beside a probe, not beside trace'),
);
export type Check = v.InferOutput<typeof check>;
export const kindOfCheck = (one: Check): ProbeName | 'trace' =>
  checkKinds.find((kind) => one[kind] !== undefined) ?? 'trace';

/** Questions made from the trace of what the learner does in this step. */
export const prediction = v.strictObject({
  id,
  form: v.picklist(['order', 'value', 'who', 'missing']),
  /** Over the generated words, when they need help. */
  asks: v.optional(text),
  /** The events that the question is about. */
  of: text,
  /** value: the field that is asked for. */
  field: v.optional(text),
  /** order: how many are to be put in order; missing: how many are shown. */
  take: v.optional(count),
  /** Wrong answers that people give, beside those that the trace itself offers. */
  traps: v.optional(v.array(v.strictObject({ answer: scalar, reply: text })), []),
});
export type Prediction = v.InferOutput<typeof prediction>;

/** The rungs of help below the solution. */
export const hints = v.strictObject({ where: text, concept: text, blanks: text });
export type Hints = v.InferOutput<typeof hints>;

/** A state or an answer that shows a known misconception. */
export const wrong = v.strictObject({
  /** The check or prediction that it fails. */
  check: id,
  /** How somebody comes there: shell, for the proof that it is told apart. */
  do: v.optional(text),
  /** A probe as in a check: true means that this misconception is what happened. */
  when: v.optional(check),
  answer: v.optional(scalar),
  means: text,
  reply: text,
});
export type Wrong = v.InferOutput<typeof wrong>;

export const interview = v.strictObject({
  id: syllabusId,
  asks: text,
  /**
   * Each a key point and its evidence: `proof` is a filter that finds the event which proves it, in the recording `trace` (the header's
   * when there is none); `check` is a check of this lesson that shows it in the kernel's state once its step is solved.
   */
  points: v.pipe(
    v.array(v.strictObject({ says: text, proof: v.optional(text), trace: v.optional(text), check: v.optional(id) })),
    v.minLength(2, 'expected two key points at least'),
  ),
  followUps: v.optional(v.array(text), []),
});
export type Interview = v.InferOutput<typeof interview>;
