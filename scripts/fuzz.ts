// `npm run fuzz -- NAME SECONDS`: one fuzzer of native/fuzz for as long as wanted. What it finds stays below dist/fuzz.
import { buildFuzzers, fuzz } from '../test/helpers/fuzz.ts';
import { seedsOf } from '../test/helpers/fuzz-seeds.ts';

const [name = '', seconds = '60'] = process.argv.slice(2);
if (!(name in seedsOf) || !/^\d+$/.test(seconds)) {
  console.error(`usage: npm run fuzz -- NAME SECONDS, with NAME one of ${Object.keys(seedsOf).join(', ')}`);
  process.exitCode = 2;
} else {
  await buildFuzzers();
  const { status, executions, found, stderr } = await fuzz(name, Number(seconds));
  if (status !== 0) console.error(stderr.split('\n').slice(-60).join('\n'));
  console.log(
    `${name}: ${executions} executions in ${seconds} s, ${found.length} inputs that end it ${found.join(' ')}`,
  );
  process.exitCode = status;
}
