// Cards of the quiz: nobody writes them. They come from the lessons' predictions, from the key points of interview questions with the
// recordings that prove them, and from the myths of the course. A card keeps its id; its question changes with the seed.
// Rule: a card is asked only where its evidence can be shown.
import { stages } from '../../trace/events.ts';
import type { Trace, TraceEvent } from '../../trace/file.ts';
import { find, quote, quoteOf } from '../check/trace.ts';
import type { Lesson } from '../format/load.ts';
import type { Interview, Prediction } from '../format/schema.ts';
import { doerOf, type Question, questionOf } from '../predict/question.ts';
import { entries } from '../rows/entries.ts';
import { below, fillAll, numbersOf, shuffled, valuesOf } from '../vars.ts';

export interface Card {
  /** Stable: reviews and exported cards name it. */
  id: string;
  /** Of the course; undefined for a prediction in a lesson that covers several. */
  entry: string | undefined;
  lesson: string;
  /** Where the answer is taught. */
  step: string;
  /** undefined where the evidence holds too little. */
  ask(seed: string): Promise<Question | undefined>;
}

export type Recordings = (path: string) => Promise<Trace | undefined>;

export function cardsOf(lessons: readonly Lesson[], recording: Recordings): Card[] {
  const filled = lessons.map((lesson) => fillAll(lesson, valuesOf(lesson, lesson.id)));
  const asked = filled.flatMap((lesson) =>
    lesson.steps.flatMap((step) => step.interview.map((question) => ({ lesson, step: step.id, question }))),
  );
  return [
    ...filled.flatMap((lesson) => predictionCards(lesson, recording)),
    ...asked.flatMap((one) => [
      ...eventCards(one, recording),
      ...pointCards(one, asked),
      ...claimCards(one, recording),
    ]),
  ];
}

function predictionCards(lesson: Lesson, recording: Recordings): Card[] {
  return lesson.steps.flatMap((step) =>
    step.predictions.map((prediction) => ({
      id: `predict/${lesson.id}/${step.id}/${prediction.id}`,
      entry: lesson.covers.length === 1 ? lesson.covers[0] : undefined,
      lesson: lesson.id,
      step: step.id,
      ask: async (seed: string) => await fromTrace(lesson.trace, prediction, seed, recording),
    })),
  );
}

async function fromTrace(
  path: string | undefined,
  prediction: Prediction,
  seed: string,
  recording: Recordings,
): Promise<Question | undefined> {
  const trace = path === undefined ? undefined : await recording(path);
  return trace && questionOf(trace, prediction, find(trace, prediction.of), seed);
}

/** A deed of the engine or of a container; not a line of the script, or what another program did there. */
const isDeed = ({ type, data }: TraceEvent): boolean =>
  !type.startsWith('cli.step-') && (type !== 'kernel.syscall-made' || doers.has(String(data.process)));
const doers: ReadonlySet<string> = new Set([...stages, 'container']);
/** That one can ask whose it is: not what a program in a container did, what only happened, or what another stage saw. */
const isOfStage = (event: TraceEvent, trace: Trace): boolean =>
  isDeed(event) && event.type !== 'daemon.out-of-memory-reported' && doerOf(event, trace) !== 'kernel';

export interface AskedPoint {
  lesson: Lesson;
  step: string;
  question: Interview;
}

/** Filters of points that are proved in one recording. */
function proofsOf({
  lesson,
  question,
}: AskedPoint): { path: string; proofs: Array<{ says: string; of: string }> } | undefined {
  const proved = question.points.flatMap(({ says, proof, trace }) => {
    const path = trace ?? lesson.trace;
    return proof === undefined || path === undefined ? [] : [{ says, of: proof, path }];
  });
  const path = proved[0]?.path;
  return path === undefined ? undefined : { path, proofs: proved.filter((one) => one.path === path) };
}

/** Who does it, what is missing, and for a flow the order of its points. */
function eventCards(asked: AskedPoint, recording: Recordings): Card[] {
  const found = proofsOf(asked);
  if (found === undefined) return [];
  const { path, proofs } = found;
  const { id } = asked.question;
  const base = { entry: id, lesson: asked.lesson.id, step: asked.step };
  const prediction = (form: Prediction['form'], of: string): Prediction => ({
    id: `${form}-${id}`,
    form,
    of,
    traps: [],
  });
  const who = async (seed: string): Promise<Question | undefined> => {
    const trace = await recording(path);
    if (trace === undefined) return undefined;
    const deeds = proofs.map(({ of }) => ({ of, found: find(trace, of).filter((event) => isOfStage(event, trace)) }));
    const done = deeds.filter(({ found }) => found.length > 0);
    const one = done[below(numbersOf(`${seed}/who/${id}`), Math.max(done.length, 1))];
    return one && questionOf(trace, prediction('who', one.of), one.found, seed);
  };
  const anyOf = proofs.map(({ of }) => of).join(' or ');
  const missing = async (seed: string): Promise<Question | undefined> => {
    const trace = await recording(path);
    return trace && questionOf(trace, prediction('missing', anyOf), find(trace, anyOf).filter(isDeed), seed);
  };
  const order = async (seed: string): Promise<Question | undefined> => {
    const trace = await recording(path);
    return trace && orderOfPoints(trace, proofs, `${seed}/order/${id}`);
  };
  return [
    { ...base, id: `who/${id}`, ask: who },
    { ...base, id: `missing/${id}`, ask: missing },
    ...(entries[id]?.kind === 'flow' && proofs.length >= 3 ? [{ ...base, id: `order/${id}`, ask: order }] : []),
  ];
}

/** Only where the recording has the points in the answer's own order: rules are made in another order than a packet meets them. */
function orderOfPoints(
  trace: Trace,
  proofs: ReadonlyArray<{ says: string; of: string }>,
  seed: string,
): Question | undefined {
  const first = proofs.flatMap(({ says, of }): Array<{ says: string; event: TraceEvent }> => {
    const [event] = find(trace, of);
    return event === undefined ? [] : [{ says, event }];
  });
  const inOrder = first.toSorted((a, b) => a.event.seq - b.event.seq);
  if (new Set(inOrder.map(({ event }) => event.seq)).size < 3) return undefined;
  if (inOrder.some((one, place) => one !== first[place])) return undefined;
  const mixed = shuffled(inOrder, numbersOf(seed));
  return {
    id: seed,
    form: 'order',
    asks: 'In which order does this happen for the first time?',
    choices: mixed.map(({ says }) => says),
    answer: inOrder.map((one) => mixed.indexOf(one) + 1).join(' '),
    proof: inOrder.map(({ event }) => event.seq),
    tells: inOrder.map(({ event }) => quote(event)),
    traps: [],
  };
}

/** How many choices. */
const shown = 4;

/** Points of such lessons may belong to the same answer. */
const areRelated = (one: Lesson, other: Lesson): boolean =>
  one.id === other.id || one.needs.includes(other.id) || other.needs.includes(one.id);

/** Which of these belongs to the answer: points of other questions, of lessons that are not related, stand beside one of this. */
function pointCards({ lesson, step, question }: AskedPoint, all: readonly AskedPoint[]): Card[] {
  const ask = async (seed: string): Promise<Question | undefined> => {
    const numbers = numbersOf(`${seed}/point/${question.id}`);
    const evident = question.points.filter(({ proof, check }) => proof !== undefined || check !== undefined);
    const right = evident[below(numbers, Math.max(1, evident.length))];
    const area = question.id.slice(0, 3);
    const others = all.filter((one) => one.question.id !== question.id && !areRelated(one.lesson, lesson));
    const near = others.filter((one) => one.question.id.startsWith(area));
    const pool = (near.length >= shown - 1 ? near : others).flatMap((one) =>
      one.question.points.map(({ says }) => says),
    );
    const wrong = shuffled([...new Set(pool)], numbers).slice(0, shown - 1);
    if (right === undefined || wrong.length < 2) return undefined;
    const choices = shuffled([right.says, ...wrong], numbers);
    return {
      id: `point/${question.id}`,
      form: 'value',
      asks: `Which of these belongs to the answer? ${question.asks}`,
      choices,
      answer: String(choices.indexOf(right.says) + 1),
      proof: [],
      tells: evidenceOf(right, lesson),
      traps: [],
      reason: entries[question.id]?.truth ?? right.says,
    };
  };
  return [{ id: `point/${question.id}`, entry: question.id, lesson: lesson.id, step, ask }];
}

const evidenceOf = ({ check, proof }: Interview['points'][number], lesson: Lesson): string[] => [
  ...(check === undefined ? [] : [`shown by the check ${lesson.id}/${check}`]),
  ...(proof === undefined ? [] : [`shown by the events ${proof}`]),
];

/** A myth of the course, or a point of its correction: true or false. */
function claimCards({ lesson, step, question }: AskedPoint, recording: Recordings): Card[] {
  const row = entries[question.id];
  if (row?.kind !== 'myth') return [];
  const ask = async (seed: string): Promise<Question | undefined> => {
    const numbers = numbersOf(`${seed}/claim/${question.id}`);
    const isTrue = below(numbers, 2) === 1;
    const point = question.points[below(numbers, question.points.length)];
    const evident = question.points.find(({ proof, check }) => proof !== undefined || check !== undefined) ?? point;
    if (point === undefined || evident === undefined) return undefined;
    const path = evident.trace ?? lesson.trace;
    const trace = evident.proof === undefined || path === undefined ? undefined : await recording(path);
    const events = trace === undefined || evident.proof === undefined ? [] : find(trace, evident.proof).slice(0, 1);
    return {
      id: `claim/${question.id}`,
      form: 'claim',
      asks: isTrue
        ? `True or false? Asked "${question.asks}", somebody answers: ${point.says}`
        : `True or false? ${row.says}`,
      choices: ['true', 'false'],
      answer: isTrue ? '1' : '2',
      proof: events.map(({ seq }) => seq),
      tells: events.length > 0 ? events.map((event) => quoteOf(trace as Trace, event)) : evidenceOf(evident, lesson),
      traps: [],
      reason: row.truth,
    };
  };
  return [{ id: `claim/${question.id}`, entry: question.id, lesson: lesson.id, step, ask }];
}

/** Cards of a topic: an entry (STK-1), an area (STK), a lesson, or a topic of the course (stack); all of them without one. */
export function cardsAbout(cards: readonly Card[], lessons: readonly Lesson[], topic: string | undefined): Card[] {
  if (topic === undefined) return [...cards];
  const wanted = topic.toLowerCase();
  const folderOf = new Map(lessons.map(({ id, folder }) => [id, folder.split('/').at(-2)?.replace(/^\d+-/, '')]));
  const coversOf = new Map(lessons.map(({ id, covers }) => [id, covers.map((one) => one.toLowerCase())]));
  return cards.filter(({ entry, lesson }) => {
    if (lesson === wanted || folderOf.get(lesson) === wanted) return true;
    const about = entry === undefined ? (coversOf.get(lesson) ?? []) : [entry.toLowerCase()];
    return about.some((one) => one === wanted || one.split('-')[0] === wanted);
  });
}

/** The words that `cardsAbout` knows. */
export const topicsOf = (lessons: readonly Lesson[]): string[] => [
  ...new Set([
    ...lessons.flatMap(({ covers }) => covers.map((id) => id.split('-')[0] ?? id)),
    ...lessons.flatMap(({ folder }) => folder.split('/').at(-2)?.replace(/^\d+-/, '') ?? []),
  ]),
];
