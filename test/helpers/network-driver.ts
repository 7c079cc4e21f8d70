// Networking in a process of its own, so that a test can put it into a network namespace and kill it: a line of JSON in, a line out.
//   node network-driver.ts ROOT IPTABLES   then  {"method": "createSandbox", "argument": {…}}
import { createInterface } from 'node:readline';
import { asLabError } from '../../src/base/errors.ts';
import type { SandboxRequest } from '../../src/daemon/network/networking.ts';
import { openNetworking } from '../../src/daemon/network/open.ts';
import { openRealKernel } from '../../src/kernel/real/kernel.ts';

const [root = '', iptables = 'iptables'] = process.argv.slice(2);
const networking = openNetworking(openRealKernel({ iptables }), {
  runRoot: `${root}/run`,
  dataRoot: `${root}/data`,
  namespaces: `${root}/run/netns`,
});

const methods: Record<string, (argument: unknown) => unknown> = {
  initialise: () => networking.initialise(),
  createSandbox: (argument) => networking.createSandbox(argument as SandboxRequest),
  deleteSandbox: (argument) => networking.deleteSandbox(String(argument)),
  restoreSandboxes: async (argument) => [...(await networking.restoreSandboxes(argument as string[])).values()],
  inspectNetwork: (argument) => networking.inspectNetwork(String(argument)),
  settle: () => networking.settle(),
  teardown: () => networking.teardown(),
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
