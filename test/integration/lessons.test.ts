// The lessons on the real engine: the linter has nothing to say, every one is proved, a wrong lesson is found out, and a learner's way
// through the first one, by commands alone, is passed.
import assert from 'node:assert/strict';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { startEngine, type TestEngine } from '../helpers/engine.ts';
import { root } from '../helpers/root.ts';
import { isInTurn } from '../helpers/turn.ts';

const lessons = new URL('../../lessons', import.meta.url).pathname;
const folder = mkdtempSync('/var/tmp/tlab-lessons-');
let engine: TestEngine;
let env: Record<string, string>;
before(async () => {
  if (process.getuid?.() !== 0) return;
  engine = await startEngine();
  env = { TLAB_PROGRESS: join(folder, 'progress.jsonl') };
});
after(async () => {
  await engine?.stop();
  rmSync(folder, { recursive: true });
});

const tlab = (args: string[], more: Record<string, string> = {}, input?: string) =>
  engine.tlab(args, { env: { ...env, ...more }, timeoutMs: 600_000, ...(input !== undefined && { input }) });

test('the linter has nothing to say', root(), async () => {
  const { stdout, status } = await tlab(['lesson', 'lint']);
  assert.match(stdout, /^\d+ lessons, 0 findings\.$/m);
  assert.equal(status, 0);
});

interface Proof {
  lesson: string;
  negative: number;
  failures: string[];
}

async function proofsOf(...args: string[]): Promise<Proof[]> {
  const { stdout, stderr } = await tlab(['lesson', 'test', ...args, '--json']);
  assert.notEqual(stdout, '', stderr);
  const { proofs, broken } = JSON.parse(stdout);
  assert.deepEqual(broken, []);
  return proofs;
}

// Every lesson is proved by its solutions. The wrong answers, seven in ten trials, take turns: those of a fourth of the lessons in each commit.
// A topic at a time: what hangs names its topic. What is not proved beside others is proved once more, alone, as the files of tests are.
const turns = 4;
let place = 0;

for (const topic of readdirSync(lessons, { withFileTypes: true }).filter((entry) => entry.isDirectory())) {
  const ids = readdirSync(join(lessons, topic.name)).map((folder) => folder.replace(/^\d+-/, ''));
  const whole = ids.filter(() => isInTurn(place++, turns));
  const name = `every lesson of ${topic.name} is proved: unsolved it fails, solutions pass, nothing is left`;
  test(`${name}; wrong answers of ${whole.join(', ') || 'none'}`, root(), async (t) => {
    for (const [some, more] of [
      [whole, []],
      [ids.filter((id) => !whole.includes(id)), ['--brief']],
    ] as const) {
      if (some.length === 0) continue;
      const proofs = await proofsOf(...some, '--jobs', '4', ...more);
      assert.deepEqual(proofs.map(({ lesson }) => lesson).sort(), [...some].sort());
      for (const { lesson, negative, failures } of proofs) {
        if (more.length === 0) assert.ok(negative > 0, `${lesson} has wrong answers`);
        if (failures.length === 0) continue;
        t.diagnostic(`${lesson} once more, alone, since beside others: ${failures.join('; ')}`);
        const [again] = await proofsOf(lesson, ...more);
        assert.deepEqual(again?.failures, [], lesson);
      }
    }
  });
}

test(
  'a lesson that is wrong is not proved: passed without doing, a solution that does not pass, a reply of another',
  root(),
  async () => {
    const own = join(folder, 'lessons');
    cpSync(join(lessons, '01-stack/02-exit-codes'), join(own, '01-stack/01-exit-codes'), { recursive: true });
    const file = join(own, '01-stack/01-exit-codes/lesson.md');
    const whole = readFileSync(file, 'utf8').replace('needs: [one-run]\n', '');
    const text = whole.slice(0, whole.indexOf('## Not found')) + whole.slice(whole.indexOf('## Killed'));
    const proved = async (changed: string, ...more: string[]): Promise<string> => {
      assert.notEqual(changed, text);
      writeFileSync(file, changed);
      const { stdout, status } = await tlab(['lesson', 'test', '--all', ...more], { TLAB_LESSONS: own });
      assert.equal(status, 1, stdout);
      return stdout;
    };
    const [status, running] = [
      'want: {State.Status: exited, State.ExitCode: "{{status}}"}',
      'want: {State.Running: true}',
    ];
    const easy = await proved(
      text.replace(status, 'want: {Id: {absent: true}}').replace(running, 'want: {State.Running: false}'),
    );
    assert.match(easy, /step own, unsolved: it is passed although nothing was done/);
    assert.match(easy, /step killed, wrong "every signal ends process 1": the reply is that of "nobody"/);
    const unsolvable = await proved(text.replaceAll("sh -c 'exit {{status}}'", "sh -c 'exit 1'"), '--brief');
    assert.match(unsolvable, /step own, solution: it is not passed: own failed \(State\.ExitCode 1\)/);
    const untidy = await proved(
      text.replace(/^teardown: (.*) killed-\{\{tag\}\}/m, 'teardown: ip link add left-{{tag}} type bridge; $1'),
      '--brief',
    );
    assert.match(untidy, /after the teardown there is still link left-\w{4}, container \/killed-/);
    await engine.must('rm', '--force', ...(await engine.must('ps', '--all', '--quiet')).split('\n'));
  },
);

test(
  'what a lesson needs is there when its step is opened, and gone when it is done or taken again',
  root(),
  async () => {
    const own = join(folder, 'own');
    mkdirSync(join(own, '01-topic/01-tiny'), { recursive: true });
    const header = ['format: 1', 'id: tiny', 'title: Tiny', 'covers: []', 'level: 1', 'minutes: 1'];
    const shell = [
      'setup: echo made >> {{work}}/made; tlab --version >> {{work}}/made',
      'teardown: echo gone >> $TRACK',
    ];
    const steps = ['## One {#one}', '```text file sub/one.txt', 'In {{work}}', '```', '## Two {#two}', 'End.'];
    writeFileSync(
      join(own, '01-topic/01-tiny/lesson.md'),
      ['---', ...header, ...shell, '---', ...steps, ''].join('\n'),
    );
    const track = join(folder, 'track');
    const place = { TLAB_LESSONS: own, TLAB_PROGRESS: join(folder, 'own.jsonl'), TRACK: track };
    const shown = await tlab(['learn', '--no-watch'], place);
    const work = /^ {4}In (\/.*)$/m.exec(shown.stdout)?.[1] ?? '';
    assert.equal(readFileSync(`${work}/sub/one.txt`, 'utf8'), `In ${work}\n`, shown.stdout);
    await tlab(['learn', '--no-watch'], place);
    assert.match(readFileSync(`${work}/made`, 'utf8'), /^made\ntlab\S* .*\n$/, 'made once');
    await tlab(['reset', 'tiny'], place);
    assert.equal(existsSync(work), false);
    await tlab(['skip'], place);
    assert.equal(readFileSync(track, 'utf8'), 'gone\n', 'it is not done yet');
    await tlab(['skip'], place);
    assert.equal(readFileSync(track, 'utf8'), 'gone\ngone\n');
  },
);

test('by commands alone, from a pipe: told, not yet, helped, done, passed, predicted, resumed', root(), async () => {
  const shown = await tlab(['learn', 'one-run', '--no-watch']);
  const command = /^ {4}tlab (run .*)$/m.exec(shown.stdout)?.[1];
  assert.ok(command !== undefined, shown.stdout);
  const early = await tlab(['check']);
  assert.equal(early.status, 1);
  assert.match(early.stdout, /NOT YET.*saw: {2}no such container/s);
  assert.doesNotMatch(early.stdout, /publishes nothing/, 'who has done nothing has made no mistake');
  assert.match((await tlab(['hint'])).stdout, /^Hint 1 of 4: where to look/);
  await engine.must(...command.split(' '));
  const passed = await tlab(['next']);
  assert.equal(passed.status, 0, passed.stdout);
  assert.match(passed.stdout, /Who made it\?/);
  assert.equal((await tlab(['check'])).status, 1, 'predictions come first');
  const cut = await tlab(['learn'], {}, '2 1 4 3\n');
  assert.notEqual(cut.status, 0, 'the input has ended before the second answer');
  const rest = await tlab(['learn', '--no-watch'], {}, '1\n1\n');
  assert.equal(rest.status, 0, rest.stderr);
  assert.doesNotMatch(rest.stdout, /In which order/, 'the first answer was kept');
  assert.match((await tlab(['list'])).stdout, /^> +one-run +1 of 3/m);
  const untouched = await tlab(['check', '--json']);
  assert.deepEqual([JSON.parse(untouched.stdout).reply, untouched.status], [undefined, 1]);
  await engine.must('run', '--rm', 'busybox', 'true');
  const untraced = await tlab(['check', '--json']);
  assert.match(JSON.parse(untraced.stdout).reply, /A plain run leaves none/);
  await tlab(['skip']);
  assert.match((await tlab(['list'])).stdout, /^> +one-run +2 of 3/m);
  await tlab(['reset', 'one-run/who']);
  assert.match((await tlab(['list'])).stdout, /^> +one-run +1 of 3/m);
  await tlab(['reset', 'all', '--yes']);
  assert.match((await tlab(['list'])).stdout, /^> +one-run +0 of 3/m);
});
