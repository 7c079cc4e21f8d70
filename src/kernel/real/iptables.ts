// The host's firewall through iptables-save and iptables-restore: one process a change, each table committed atomically.
// Whether that is nf_tables or the legacy backend is the distribution's choice; both understand the same text.
import { spawn } from 'node:child_process';
import { LabError } from '../../base/errors.ts';
import { emit } from '../../trace/recorder.ts';
import { parseSave, restoreText } from '../iptables-text.ts';
import type { Firewall, FirewallChange, FirewallRule } from '../kernel.ts';
import { findProgram } from '../programs.ts';

/** Seconds that iptables waits for another program that holds the lock. */
const lockSeconds = '10';
interface Outcome {
  status: number;
  stdout: string;
  stderr: string;
}

function runProgram(path: string, argv: readonly string[], input: string): Promise<Outcome> {
  return new Promise((resolve, reject) => {
    const child = spawn(path, argv, { stdio: ['pipe', 'pipe', 'pipe'], env: { ...process.env, LC_ALL: 'C' } });
    let stdout = '';
    let stderr = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      stdout += text;
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      stderr += text;
    });
    child.on('error', reject);
    // A program that ends before it has read everything says why on stderr; the broken pipe adds nothing.
    child.stdin.on('error', () => undefined);
    child.on('close', (code, signal) => resolve({ status: code ?? 128, stdout, stderr: stderr || (signal ?? '') }));
    emit('kernel.process-executed', {
      data: { executable: path, argv: [path, ...argv], ...(child.pid === undefined ? {} : { childPid: child.pid }) },
    });
    child.stdin.end(input);
  });
}

function requireProgram(name: string): string {
  const path = findProgram(name);
  if (path !== undefined) return path;
  throw new LabError('unavailable', `${name}: not installed, it is needed to publish ports and for outgoing traffic`, {
    hint: 'install the package iptables',
  });
}

async function runChecked(name: string, argv: readonly string[], input: string): Promise<string> {
  const outcome = await runProgram(requireProgram(name), argv, input);
  if (outcome.status === 0) return outcome.stdout;
  const failedLine = /line:? (\d+)/.exec(outcome.stderr)?.[1];
  const line = failedLine === undefined ? '' : ` at "${input.split('\n')[Number(failedLine) - 1] ?? ''}"`;
  const said = outcome.stderr.trim().split('\n')[0] ?? '';
  throw new LabError('internal', `${name}${line}: exit status ${outcome.status}: ${said}`, {
    data: { stderr: outcome.stderr, status: outcome.status },
  });
}

function emitRules(type: 'kernel.rule-added' | 'kernel.rule-removed', verb: string, rules: readonly FirewallRule[]) {
  for (const { table, chain, rule, cause } of rules) {
    emit(type, { data: { table, chain, rule }, cause, twin: `iptables -t ${table} ${verb} ${chain} ${rule}` });
  }
}

function emitChange(change: FirewallChange): void {
  for (const { table, chain, isThere } of change.emptied ?? []) {
    const verb = isThere ? '-F' : '-N';
    emit('kernel.chain-made', { data: { table, chain }, twin: `iptables -t ${table} ${verb} ${chain}` });
  }
  emitRules('kernel.rule-removed', '-D', change.removed ?? []);
  emitRules('kernel.rule-added', '-I', change.inserted ?? []);
  emitRules('kernel.rule-added', '-A', change.appended ?? []);
  for (const { table, chain } of change.deleted ?? []) {
    const onChain = `iptables -t ${table}`;
    emit('kernel.chain-removed', {
      data: { table, chain },
      twin: `${onChain} -F ${chain} && ${onChain} -X ${chain}`,
    });
  }
}

/** `prefix` is `iptables`, or one backend by name: `iptables-nft`, `iptables-legacy`. */
export function openFirewall(prefix = 'iptables'): Firewall {
  let last: Promise<unknown> = Promise.resolve();
  // One at a time: two of ours would only wait for each other's lock.
  const inTurn = <T>(work: () => Promise<T>): Promise<T> => {
    const next = last.then(work, work);
    last = next.catch(() => undefined);
    return next;
  };
  return {
    list: () => inTurn(async () => parseSave(await runChecked(`${prefix}-save`, [], ''))),
    apply: (change) =>
      inTurn(async () => {
        const text = restoreText(change);
        if (text === '') return;
        await runChecked(`${prefix}-restore`, ['--noflush', '-w', lockSeconds], text);
        emitChange(change);
      }),
  };
}
