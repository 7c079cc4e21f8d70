// Networking in a process of its own, so that a test can put it into a network namespace and kill it: a line of JSON in, a line out.
//   node network-driver.ts ROOT IPTABLES   then  {"method": "createSandbox", "argument": {…}}
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { asLabError } from '../../src/base/errors.ts';
import type { SandboxRequest } from '../../src/daemon/network/networking.ts';
import { openNetworking } from '../../src/daemon/network/open.ts';
import { openRealKernel } from '../../src/kernel/real/kernel.ts';
import { newSpanId, newTraceId, runWithTrace } from '../../src/trace/context.ts';
import { Recorder } from '../../src/trace/recorder.ts';

const [root = '', iptables = 'iptables'] = process.argv.slice(2);
const networking = openNetworking(openRealKernel({ iptables }), {
  runRoot: `${root}/run`,
  dataRoot: `${root}/data`,
  namespaces: `${root}/run/netns`,
});

/** Runs one call under a trace and returns the commands that a person would type for it, in order. */
async function twinsOf({ method, argument }: { method: string; argument: unknown }): Promise<string[]> {
  const traceId = newTraceId();
  const recorder = new Recorder(`${root}/traces`, traceId, 'daemon');
  const context = { traceId, spanId: newSpanId(), sampled: true };
  await runWithTrace(context, recorder, () => methods[method]?.(argument));
  const lines = readFileSync(`${root}/traces/${traceId}/parts/daemon-${process.pid}.jsonl`, 'utf8').trim().split('\n');
  return lines.flatMap((line) => (JSON.parse(line) as { twin?: string }).twin ?? []);
}

const methods: Record<string, (argument: unknown) => unknown> = {
  twinsOf: (argument) => twinsOf(argument as { method: string; argument: unknown }),
  initialise: () => networking.initialise(),
  createSandbox: (argument) => networking.createSandbox(argument as SandboxRequest),
  createSandboxes: (argument) =>
    Promise.all((argument as SandboxRequest[]).map((request) => networking.createSandbox(request))),
  deleteSandbox: (argument) => networking.deleteSandbox(String(argument)),
  restoreSandboxes: async (argument) => [...(await networking.restoreSandboxes(argument as string[])).values()],
  inspectNetwork: (argument) => networking.inspectNetwork(String(argument)),
  settle: () => networking.settle(),
  teardown: () => networking.teardown({ keepsBridge: false }),
};

for await (const line of createInterface({ input: process.stdin })) {
  const { method, argument } = JSON.parse(line) as { method: string; argument?: unknown };
  try {
    const result = await methods[method]?.(argument);
    process.stdout.write(`${JSON.stringify({ result: result ?? null })}\n`);
  } catch (thrown) {
    const { kind, message } = asLabError(thrown);
    process.stdout.write(`${JSON.stringify({ error: { kind, message } })}\n`);
  }
}
