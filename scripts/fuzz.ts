// `npm run fuzz -- NAME SECONDS`: one fuzzer for as long as wanted: those of native/fuzz, what they find stays below dist/fuzz; and `dockerfile`, whose
// readers are TypeScript: it stops at the first finding and prints its seed.
import { dockerfileOf, examine } from '../test/helpers/dockerfile-fuzz.ts';
import { buildFuzzers, fuzz } from '../test/helpers/fuzz.ts';
import { seedsOf } from '../test/helpers/fuzz-seeds.ts';

const [name = '', seconds = '60'] = process.argv.slice(2);
if (!(name in seedsOf || name === 'dockerfile') || !/^\d+$/.test(seconds)) {
  console.error(
    `usage: npm run fuzz -- NAME SECONDS, with NAME one of ${[...Object.keys(seedsOf), 'dockerfile'].join(', ')}`,
  );
  process.exitCode = 2;
} else if (name === 'dockerfile') {
  process.exitCode = fuzzDockerfiles(Number(seconds));
} else {
  await buildFuzzers();
  const { status, executions, found, stderr } = await fuzz(name, Number(seconds));
  if (status !== 0) console.error(stderr.split('\n').slice(-60).join('\n'));
  console.log(
    `${name}: ${executions} executions in ${seconds} s, ${found.length} inputs that end it ${found.join(' ')}`,
  );
  process.exitCode = status;
}

/** Each run goes on with other seeds than the test's. Returns the status. */
function fuzzDockerfiles(forSeconds: number): number {
  const first = Math.floor(Date.now() / 1000) * 1000;
  const endMs = Date.now() + forSeconds * 1000;
  let seed = first;
  for (; Date.now() < endMs; seed++) {
    const text = dockerfileOf(seed);
    const { finding } = examine(text);
    if (finding === undefined) continue;
    console.error(`dockerfile: seed ${seed}: ${JSON.stringify(text)}\n${finding}`);
    return 1;
  }
  console.log(`dockerfile: ${seed - first} texts in ${forSeconds} s, nothing found`);
  return 0;
}
