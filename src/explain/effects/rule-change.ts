// What one command of iptables changes: an event of the kernel stage.
export interface RuleChange {
  type: 'kernel.rule-added' | 'kernel.rule-removed' | 'kernel.chain-made' | 'kernel.chain-removed';
  data: Record<string, unknown>;
}
