// The probe of netfilter rules: what iptables-save prints in a namespace, of both backends, searched by table, chain and words.
// Rule: reading only; the legacy program prints nothing, and loads nothing, where the kernel has none of its tables.
import { execFile } from 'node:child_process';
import { findProgram } from '../../kernel/programs.ts';
import { globMatcher } from '../../viewer/glob.ts';
import { CannotTell, type Facts } from './verdict.ts';

export interface SavedRule {
  backend: string;
  table: string;
  chain: string;
  /** As `iptables -A CHAIN` would have it. */
  text: string;
  packets: number;
  bytes: number;
}

export interface SavedChain {
  backend: string;
  table: string;
  chain: string;
  /** ACCEPT or DROP; `-` for a chain that is not the kernel's own. */
  policy: string;
}

export interface SavedRules {
  rules: SavedRule[];
  chains: SavedChain[];
}

/** The output of `iptables-save --counters`. @source man iptables-save(8) */
export function parseCounted(text: string, backend: string): SavedRules {
  const saved: SavedRules = { rules: [], chains: [] };
  let table = '';
  for (const line of text.split('\n')) {
    if (line.startsWith('*')) table = line.slice(1).trim();
    const [, own, policy] = /^:(\S+) (\S+)/.exec(line) ?? [];
    if (own !== undefined && policy !== undefined) saved.chains.push({ backend, table, chain: own, policy });
    const [, packets, bytes, chain, rest] = /^\[(\d+):(\d+)\] -A (\S+) ?(.*)$/.exec(line) ?? [];
    if (chain === undefined) continue;
    const counted = { packets: Number(packets), bytes: Number(bytes) };
    saved.rules.push({ backend, table, chain, text: (rest ?? '').trim(), ...counted });
  }
  return saved;
}

export interface RuleSelector {
  table: string;
  chain?: string | undefined;
  /** Parts that the rule's text has, all of them; a part may have * and ?. */
  match?: string | readonly string[] | undefined;
}

export function ruleFacts(saved: SavedRules, { table, chain, match = [] }: RuleSelector): Facts {
  const isWanted = (one: { table: string; chain: string }): boolean =>
    one.table === table && (chain === undefined || one.chain === chain);
  const parts = [match].flat().map((part) => globMatcher(`*${part}*`));
  const inChain = saved.rules.filter(isWanted);
  const found = inChain.filter(({ text }) => parts.every((part) => part(text)));
  const [first] = found;
  const ownChain = saved.chains.find(isWanted);
  const sum = (key: 'packets' | 'bytes'): number => found.reduce((total, rule) => total + rule[key], 0);
  return {
    exists: parts.length > 0 ? found.length > 0 : chain === undefined ? inChain.length > 0 : ownChain !== undefined,
    count: found.length,
    packets: sum('packets'),
    bytes: sum('bytes'),
    rules: found.map(({ text }) => text),
    ...(first !== undefined && { text: first.text, chain: first.chain, backend: first.backend }),
    ...(first !== undefined && { place: inChain.filter((rule) => rule.chain === first.chain).indexOf(first) + 1 }),
    ...(chain !== undefined && ownChain !== undefined && { policy: ownChain.policy }),
  };
}

const backends = ['nft', 'legacy'] as const;
const timeoutMs = 5_000;

/** Of the own network namespace, or of the one of a process. */
export async function savedRules(pid?: number): Promise<SavedRules> {
  const programs = backends.flatMap((backend) => {
    const path = findProgram(`iptables-${backend}-save`);
    return path === undefined ? [] : [{ backend, path }];
  });
  if (programs.length === 0) {
    throw new CannotTell(
      'rules cannot be read: neither iptables-nft-save nor iptables-legacy-save is installed; install iptables',
    );
  }
  const saved = await Promise.all(
    programs.map(async ({ backend, path }) => parseCounted(await output(path, pid), backend)),
  );
  return { rules: saved.flatMap(({ rules }) => rules), chains: saved.flatMap(({ chains }) => chains) };
}

async function output(program: string, pid: number | undefined): Promise<string> {
  const argv = pid === undefined ? [program] : ['nsenter', `--net=/proc/${pid}/ns/net`, program];
  const [command = '', ...rest] = [...argv, '--counters'];
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  execFile(command, rest, { timeout: timeoutMs, maxBuffer: 16 << 20 }, (error, stdout, stderr) => {
    if (error === null) resolve(stdout);
    else reject(new CannotTell(`rules cannot be read: ${command}: ${stderr.trim().split('\n')[0] || error.message}`));
  });
  return await promise;
}
