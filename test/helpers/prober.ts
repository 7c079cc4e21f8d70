// Asks checks, a line of JSON each, and prints their verdicts: run in an engine's namespaces, as a learner's tlab would be.
import { createInterface } from 'node:readline';
import * as v from 'valibot';
import { daemonClient } from '../../src/daemon/client.ts';
import { checkState } from '../../src/lesson/check/probes.ts';
import { check, kindOfCheck, type ProbeName } from '../../src/lesson/format/schema.ts';

for await (const line of createInterface({ input: process.stdin })) {
  const one = v.parse(check, JSON.parse(line));
  console.log(JSON.stringify(await checkState(one, kindOfCheck(one) as ProbeName, daemonClient())));
}
