// Netfilter over netlink: batches of nf_tables, in which tables, chains and rules are made together or not at all; conntrack by name.
// Numbers inside the attributes are in network byte order. An expression is a name and data, whose attributes depend on the name.
// @source uapi linux/netfilter/nf_tables.h, linux/netfilter/nfnetlink.h
import { hex, type NameSet, nameOf, showName } from '../flags/names.ts';
import * as names from '../flags/nftables.ts';
import {
  type AttributeSet,
  type AttributeValue,
  attributesText,
  bytesText,
  flagsByVerb,
  type MessageForm,
  type NetlinkProtocol,
  nested,
  shaped,
  text,
} from './netlink.ts';
import { nameShape, networkOrder, readNetworkNumber, struct, unsigned, untilNul } from './shapes.ts';

const u8 = shaped(unsigned(1));
const u32 = shaped(networkOrder(4));
const s32 = shaped(networkOrder(4, (value) => String(value | 0)));
const u64: AttributeValue = (data) =>
  data.length < 8
    ? bytesText(data)
    : String(BigInt(readNetworkNumber(data, 0, 4)) * 2n ** 32n + BigInt(readNetworkNumber(data, 4, 4)));
const hexadecimal = shaped(networkOrder(4, (value) => hex(BigInt(value))));
const named = (set: NameSet): AttributeValue => shaped(networkOrder(4, (value) => showName(BigInt(value), set)));
const verdictCode = shaped(networkOrder(4, (value) => nameOf(BigInt(value | 0), names.verdicts) ?? String(value | 0)));

const set = (attributeNames: NameSet, values: Readonly<Record<string, AttributeValue>>): AttributeSet => ({
  names: attributeNames,
  values,
});

const data = set(names.dataAttributes, {
  NFTA_DATA_VALUE: bytesText,
  NFTA_DATA_VERDICT: nested(
    set(names.verdictAttributes, {
      NFTA_VERDICT_CODE: verdictCode,
      NFTA_VERDICT_CHAIN: text,
      NFTA_VERDICT_CHAIN_ID: u32,
    }),
  ),
});

/** Data of an expression by its name. @source uapi linux/netfilter/nf_tables.h */
const expressions: Readonly<Record<string, AttributeSet>> = {
  immediate: set(names.immediateAttributes, { NFTA_IMMEDIATE_DREG: u32, NFTA_IMMEDIATE_DATA: nested(data) }),
  cmp: set(names.compareAttributes, {
    NFTA_CMP_SREG: u32,
    NFTA_CMP_OP: named(names.compareOperations),
    NFTA_CMP_DATA: nested(data),
  }),
  meta: set(names.metaAttributes, { NFTA_META_DREG: u32, NFTA_META_KEY: named(names.metaKeys), NFTA_META_SREG: u32 }),
  payload: set(names.payloadAttributes, {
    NFTA_PAYLOAD_DREG: u32,
    NFTA_PAYLOAD_SREG: u32,
    NFTA_PAYLOAD_BASE: named(names.payloadBases),
    NFTA_PAYLOAD_OFFSET: u32,
    NFTA_PAYLOAD_LEN: u32,
  }),
  bitwise: set(names.bitwiseAttributes, {
    NFTA_BITWISE_SREG: u32,
    NFTA_BITWISE_DREG: u32,
    NFTA_BITWISE_LEN: u32,
    NFTA_BITWISE_MASK: nested(data),
    NFTA_BITWISE_XOR: nested(data),
  }),
  counter: set(names.counterAttributes, { NFTA_COUNTER_BYTES: u64, NFTA_COUNTER_PACKETS: u64 }),
  nat: set(names.natAttributes, {
    NFTA_NAT_TYPE: named(names.natTypes),
    NFTA_NAT_FAMILY: named(names.netfilterFamilies),
    NFTA_NAT_REG_ADDR_MIN: u32,
    NFTA_NAT_REG_ADDR_MAX: u32,
    NFTA_NAT_REG_PROTO_MIN: u32,
    NFTA_NAT_REG_PROTO_MAX: u32,
    NFTA_NAT_FLAGS: hexadecimal,
  }),
  lookup: set(names.lookupAttributes, { NFTA_LOOKUP_SET: text, NFTA_LOOKUP_SREG: u32, NFTA_LOOKUP_DREG: u32 }),
  fib: set(names.fibAttributes, { NFTA_FIB_DREG: u32, NFTA_FIB_RESULT: u32, NFTA_FIB_FLAGS: hexadecimal }),
  ct: set(names.conntrackAttributes, { NFTA_CT_DREG: u32, NFTA_CT_KEY: u32, NFTA_CT_DIRECTION: u8, NFTA_CT_SREG: u32 }),
  masq: set(names.masqueradeAttributes, { NFTA_MASQ_FLAGS: hexadecimal }),
  reject: set(names.rejectAttributes, { NFTA_REJECT_TYPE: u32, NFTA_REJECT_ICMP_CODE: u8 }),
  match: set(names.matchAttributes, { NFTA_MATCH_NAME: text, NFTA_MATCH_REV: u32, NFTA_MATCH_INFO: bytesText }),
  target: set(names.targetAttributes, { NFTA_TARGET_NAME: text, NFTA_TARGET_REV: u32, NFTA_TARGET_INFO: bytesText }),
};

const expressionData: AttributeValue = (bytes, context) => {
  const name = Buffer.from(untilNul(context.siblings.get('NFTA_EXPR_NAME') ?? new Uint8Array())).toString('latin1');
  const known = Object.hasOwn(expressions, name) ? expressions[name] : undefined;
  return known ? attributesText(bytes, known, context) : bytesText(bytes);
};
const expression = nested(set(names.expressionAttributes, { NFTA_EXPR_NAME: text, NFTA_EXPR_DATA: expressionData }));
const expressionList = nested(set(names.listAttributes, { NFTA_LIST_ELEM: expression }));

const table = set(names.tableAttributes, {
  NFTA_TABLE_NAME: text,
  NFTA_TABLE_FLAGS: hexadecimal,
  NFTA_TABLE_USE: u32,
  NFTA_TABLE_HANDLE: u64,
});
const hook = set(names.hookAttributes, {
  NFTA_HOOK_HOOKNUM: named(names.hookNumbers),
  NFTA_HOOK_PRIORITY: s32,
  NFTA_HOOK_DEV: text,
});
const chain = set(names.chainAttributes, {
  NFTA_CHAIN_TABLE: text,
  NFTA_CHAIN_NAME: text,
  NFTA_CHAIN_TYPE: text,
  NFTA_CHAIN_HANDLE: u64,
  NFTA_CHAIN_HOOK: nested(hook),
  NFTA_CHAIN_POLICY: named(names.verdicts),
  NFTA_CHAIN_USE: u32,
  NFTA_CHAIN_FLAGS: hexadecimal,
  NFTA_CHAIN_ID: u32,
  NFTA_CHAIN_COUNTERS: nested(set(names.counterAttributes, { NFTA_COUNTER_BYTES: u64, NFTA_COUNTER_PACKETS: u64 })),
});
const rule = set(names.ruleAttributes, {
  NFTA_RULE_TABLE: text,
  NFTA_RULE_CHAIN: text,
  NFTA_RULE_HANDLE: u64,
  NFTA_RULE_POSITION: u64,
  NFTA_RULE_ID: u32,
  NFTA_RULE_EXPRESSIONS: expressionList,
  NFTA_RULE_COMPAT: nested(
    set(names.ruleCompatAttributes, { NFTA_RULE_COMPAT_PROTO: u32, NFTA_RULE_COMPAT_FLAGS: hexadecimal }),
  ),
});
const setForm = set(names.setAttributes, {
  NFTA_SET_TABLE: text,
  NFTA_SET_NAME: text,
  NFTA_SET_FLAGS: hexadecimal,
  NFTA_SET_KEY_TYPE: u32,
  NFTA_SET_KEY_LEN: u32,
  NFTA_SET_DATA_TYPE: u32,
  NFTA_SET_DATA_LEN: u32,
  NFTA_SET_ID: u32,
  NFTA_SET_HANDLE: u64,
});
const element = set(names.elementAttributes, {
  NFTA_SET_ELEM_KEY: nested(data),
  NFTA_SET_ELEM_DATA: nested(data),
  NFTA_SET_ELEM_FLAGS: hexadecimal,
});
const elements = set(names.elementListAttributes, {
  NFTA_SET_ELEM_LIST_TABLE: text,
  NFTA_SET_ELEM_LIST_SET: text,
  NFTA_SET_ELEM_LIST_SET_ID: u32,
  NFTA_SET_ELEM_LIST_ELEMENTS: nested(set(names.listAttributes, { NFTA_LIST_ELEM: nested(element) })),
});
const generation = set(names.generationAttributes, {
  NFTA_GEN_ID: u32,
  NFTA_GEN_PROC_PID: u32,
  NFTA_GEN_PROC_NAME: text,
});
const object = set(names.objectAttributes, {
  NFTA_OBJ_TABLE: text,
  NFTA_OBJ_NAME: text,
  NFTA_OBJ_TYPE: u32,
  NFTA_OBJ_USE: u32,
  NFTA_OBJ_HANDLE: u64,
});
const flowtable = set(names.flowtableAttributes, {
  NFTA_FLOWTABLE_TABLE: text,
  NFTA_FLOWTABLE_NAME: text,
  NFTA_FLOWTABLE_USE: u32,
  NFTA_FLOWTABLE_HANDLE: u64,
});

/** By what the name of a message ends in; the longer endings first. */
const subjects: ReadonlyArray<readonly [ending: RegExp, attributes: AttributeSet]> = [
  [/TABLE$/, table],
  [/CHAIN$/, chain],
  [/RULE(_RESET)?$/, rule],
  [/SETELEM(_RESET)?$/, elements],
  [/SET$/, setForm],
  [/GEN$/, generation],
  [/OBJ(_RESET)?$/, object],
];

function attributesOf(name: string): AttributeSet | undefined {
  if (name.endsWith('FLOWTABLE')) return flowtable;
  return subjects.find(([ending]) => ending.test(name))?.[1];
}

/** struct nfgenmsg. @source uapi linux/netfilter/nfnetlink.h */
const head = struct({
  nfgen_family: nameShape(names.netfilterFamilies, 1),
  version: {
    size: 1,
    align: 1,
    show: (bytes) => (bytes[0] === 0 ? 'NFNETLINK_V0' : String(bytes[0])),
  },
  res_id: networkOrder(2, (value) => `htons(${value})`),
});

const nfTables = 10;
const compat = 11;
const conntrack = 1;

/** Messages of a subsystem by the lower byte of their type. */
const subsystems: Readonly<Record<number, NameSet>> = {
  [nfTables]: names.tableMessages,
  [compat]: names.compatMessages,
  [conntrack]: names.conntrackMessages,
};

const messageName = (type: number): string | undefined => {
  const set = subsystems[type >> 8];
  return set && nameOf(BigInt(type & 0xff), set);
};

function typeName(type: number): string {
  const batch = nameOf(BigInt(type), names.netfilterBatch);
  if (batch) return batch;
  const subsystem = showName(BigInt(type >> 8), names.netfilterSubsystems);
  return `${subsystem}<<8|${messageName(type) ?? hex(BigInt(type & 0xff))}`;
}

const batch = set(names.batchAttributes, { NFNL_BATCH_GENID: u32 });
const compatibility = set(names.compatAttributes, {
  NFTA_COMPAT_NAME: text,
  NFTA_COMPAT_REV: u32,
  NFTA_COMPAT_TYPE: u32,
});

function attributesOfType(type: number): AttributeSet | undefined {
  if (nameOf(BigInt(type), names.netfilterBatch) !== undefined) return batch;
  if (type >> 8 === nfTables) return attributesOf(messageName(type) ?? '');
  return type >> 8 === compat ? compatibility : undefined;
}

function form(type: number): MessageForm {
  const attributes = attributesOfType(type);
  return attributes ? { head, attributes } : { head };
}

function flags(type: number): NameSet | undefined {
  const name = messageName(type);
  if (name === undefined) return undefined;
  if (/_GET/.test(name)) return flagsByVerb.get;
  return /_(DEL|DESTROY)/.test(name) ? flagsByVerb.delete : flagsByVerb.new;
}

export const netfilter: NetlinkProtocol = { typeName, flags, form };
