// The text of iptables-restore and iptables-save: a change as one input, the host's rules as a list.
// Rule: only chains named in the change are declared, so that nobody else's chain is emptied (a declared chain is).
// @source man iptables-restore(8)
import type { FirewallChange, FirewallRule } from './kernel.ts';

const tables = ['raw', 'nat', 'filter'] as const;
type Table = (typeof tables)[number];

const isTable = (name: string): name is Table => (tables as readonly string[]).includes(name);

const ruleLines = (verb: string, rules: readonly FirewallRule[] | undefined, table: Table): string[] =>
  (rules ?? []).filter((rule) => rule.table === table).map((rule) => `${verb} ${rule.chain} ${rule.rule}`.trim());

function tableLines(change: FirewallChange, table: Table): string[] {
  const emptied = (change.emptied ?? []).filter((chain) => chain.table === table);
  const deleted = (change.deleted ?? []).filter((chain) => chain.table === table);
  const lines = [
    ...[...emptied, ...deleted].map(({ chain }) => `:${chain} - [0:0]`),
    ...ruleLines('-D', change.removed, table),
    ...ruleLines('-I', change.inserted, table),
    ...ruleLines('-A', change.appended, table),
    ...deleted.map(({ chain }) => `-X ${chain}`),
  ];
  return lines.length === 0 ? [] : [`*${table}`, ...lines, 'COMMIT'];
}

/** The input of `iptables-restore --noflush`; empty when nothing changes. */
export const restoreText = (change: FirewallChange): string =>
  tables
    .flatMap((table) => tableLines(change, table))
    .map((line) => `${line}\n`)
    .join('');

/** The rules of an iptables-save; a user chain is a rule with empty text, listed before its own rules. */
export function parseSave(text: string): FirewallRule[] {
  const rules: FirewallRule[] = [];
  let table: Table | undefined;
  for (const line of text.split('\n')) {
    if (line.startsWith('*')) {
      const name = line.slice(1).trim();
      table = isTable(name) ? name : undefined;
    }
    if (table === undefined) continue;
    const chain = /^:(\S+) - /.exec(line)?.[1];
    if (chain !== undefined) rules.push({ table, chain, rule: '' });
    const rule = /^-A (\S+) (.*)$/.exec(line);
    if (rule?.[1] !== undefined && rule[2] !== undefined) rules.push({ table, chain: rule[1], rule: rule[2].trim() });
  }
  return rules;
}
