// A lesson from its folder: lesson.md cut, its YAML read, its steps put together. Everything that is wrong is found at once.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as v from 'valibot';
import { LabError } from '../../base/errors.ts';
import { type Finding, findingLine } from './finding.ts';
import { readYaml } from './read-yaml.ts';
import * as schema from './schema.ts';
import { type Block, cutLesson, type LessonSource, type SourceStep } from './source.ts';
import { unwritten } from './template.ts';

/** Written into the folder of the attempt when the step is opened. */
export interface StepFile {
  /** Below that folder. */
  path: string;
  text: string;
}

export interface Step {
  id: string;
  /** It builds on no earlier step: those need not be solved for it. */
  isAlone: boolean;
  title: string;
  line: number;
  /** Markdown, in the order of the file, with the commands to type and the files between, and the place where predictions are asked for. */
  tells: Array<{ kind: 'say' | 'do' | 'predict'; text: string } | ({ kind: 'file' } & StepFile)>;
  files: StepFile[];
  /** The debrief; Markdown. */
  why: string;
  predictions: schema.Prediction[];
  checks: schema.Check[];
  hints?: schema.Hints;
  wrong: schema.Wrong[];
  interview: schema.Interview[];
  /** Shell that makes every check of the step pass; the `do` commands when there is no solve block. */
  solve: string;
  /** Other right ways, each by itself. */
  also: string[];
}

export interface Lesson extends schema.Header {
  /** The folder that it was read from. */
  folder: string;
  introduction: string;
  steps: Step[];
}

export interface LoadedLesson {
  /** undefined when its header cannot be read. */
  lesson: Lesson | undefined;
  findings: Finding[];
}

/** @throws LabError notFound when the folder has no lesson.md */
export function loadLesson(folder: string, read = readLesson): LoadedLesson {
  const file = join(folder, 'lesson.md');
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    throw new LabError('notFound', `lesson ${folder}: no lesson.md`, { cause: error, hint: 'tlab lesson new NAME' });
  }
  return read(folder, text);
}

export function readLesson(folder: string, text: string): LoadedLesson {
  const source = cutLesson(join(folder, 'lesson.md'), text);
  for (const [at, line] of text.split('\n').entries()) {
    const column = line.indexOf(unwritten) + 1;
    if (column > 0)
      source.findings.push({ file: source.file, line: at + 1, column, says: `${unwritten}: still to be written` });
  }
  if (source.header.text === '') return { lesson: undefined, findings: source.findings };
  const head = readYaml({ file: source.file, ...source.header }, schema.header);
  const findings = [...source.findings, ...head.findings];
  if (head.value !== undefined && head.value.format > schema.formatVersion) {
    const says = `format: ${head.value.format}, this tlab reads up to ${schema.formatVersion}`;
    return { lesson: undefined, findings: [{ ...head.placeOf(['format']), says }] };
  }
  const steps = source.steps.map((step) => readStep(source, step, findings));
  if (steps.length === 0)
    findings.push({ file: source.file, line: 1, column: 1, says: 'no steps: expected ## Title {#id}' });
  const lesson = head.value && { ...head.value, folder, introduction: source.introduction, steps };
  return { lesson, findings: findings.sort((a, b) => a.line - b.line || a.column - b.column) };
}

const lists = {
  predict: v.array(schema.prediction),
  check: v.array(schema.check),
  wrong: v.array(schema.wrong),
  interview: v.array(schema.interview),
};

function readStep(source: LessonSource, step: SourceStep, findings: Finding[]): Step {
  const blocks = step.parts.filter((part) => part.kind === 'block');
  const of = (type: Block['type']): Block[] => blocks.filter((block) => block.type === type);
  const read = <Schema extends v.GenericSchema>(block: Block, wanted: Schema): v.InferOutput<Schema> | undefined => {
    const { value, findings: found } = readYaml({ file: source.file, text: block.text, line: block.line }, wanted);
    findings.push(...found);
    return value;
  };
  const all = <Schema extends v.GenericSchema<unknown, unknown[]>>(type: Block['type'], wanted: Schema) =>
    of(type).flatMap((block) => read(block, wanted) ?? []) as v.InferOutput<Schema>;
  const [hintBlock] = of('hints');
  const hints = hintBlock && read(hintBlock, schema.hints);
  const shell = (type: Block['type']): string =>
    of(type)
      .map(({ text }) => text)
      .join('\n');
  return {
    id: step.id,
    isAlone: step.isAlone,
    title: step.title,
    line: step.line,
    tells: step.parts.flatMap((part): Step['tells'] => {
      if (part.kind === 'say') return [{ kind: 'say', text: part.text }];
      if (part.kind === 'block' && part.type === 'do') return [{ kind: 'do', text: part.text }];
      if (part.kind === 'block' && part.type === 'file') return [{ kind: 'file', ...fileOf(part) }];
      return part.kind === 'block' && part.type === 'predict' ? [{ kind: 'predict', text: '' }] : [];
    }),
    files: of('file').map(fileOf),
    why: step.parts.flatMap((part) => (part.kind === 'why' ? [part.text] : [])).join('\n\n'),
    predictions: all('predict', lists.predict),
    checks: all('check', lists.check),
    ...(hints && { hints }),
    wrong: all('wrong', lists.wrong),
    interview: all('interview', lists.interview),
    solve: of('solve').length > 0 ? shell('solve') : shell('do'),
    also: of('also').map(({ text }) => text),
  };
}

const fileOf = ({ name, text }: Block): StepFile => ({ path: name, text: `${text}\n` });

/** Every lesson below a folder of topics, `NN-topic/NN-name/lesson.md`, in the order of their folders. */
export function loadCourse(root: string, read = readLesson): LoadedLesson[] {
  const numbered = (folder: string): string[] =>
    readdirSync(folder, { withFileTypes: true })
      .filter((entry) => entry.isDirectory() && /^\d\d-/.test(entry.name))
      .map(({ name }) => name)
      .sort();
  return numbered(root).flatMap((topic) =>
    numbered(join(root, topic)).map((name) => loadLesson(join(root, topic, name), read)),
  );
}

/** The lesson, whole. @throws LabError invalidArgument with every finding in its data */
export function soundLesson({ lesson, findings }: LoadedLesson): Lesson {
  const [first] = findings;
  if (lesson !== undefined && first === undefined) return lesson;
  throw new LabError('invalidArgument', first === undefined ? 'lesson: no header' : findingLine(first), {
    hint: 'tlab lesson lint',
    data: { findings: findings.map(findingLine) },
  });
}
