// bpf: union bpf_attr by its command. Addresses inside it (instructions, keys, logs) are shown as addresses.
// @source man bpf(2); uapi linux/bpf.h
import {
  bpfAttachFlags,
  bpfAttachTypes,
  bpfMapFlags,
  bpfMapTypes,
  bpfProgramFlags,
  bpfProgramTypes,
  bpfUpdateFlags,
} from '../flags/bpf.ts';
import type { ArgumentView } from '../view.ts';
import { descriptorText, int32 } from './arguments.ts';
import {
  behind,
  characters,
  extensibleStruct,
  flagsShape,
  hexadecimal,
  nameShape,
  pointerShape,
  quoted,
  type Shape,
  unsigned,
  wordShape,
} from './shapes.ts';

const descriptor = wordShape(4, (value, view) => descriptorText(int32(value), view));
/** 0 means that there is none. */
const descriptorOrNone = wordShape(4, (value, view) => (value === 0n ? '0' : descriptorText(int32(value), view)));
const kernelVersion = wordShape(
  4,
  (value) => `KERNEL_VERSION(${value >> 16n}, ${(value >> 8n) & 0xffn}, ${value & 0xffn})`,
);

const element = extensibleStruct({
  map_fd: descriptor,
  key: pointerShape,
  value: pointerShape,
  flags: flagsShape(bpfUpdateFlags, 8),
});
const byId = (name: string): Shape =>
  extensibleStruct({ [name]: unsigned(4), next_id: unsigned(4), open_flags: hexadecimal(4) });
const nextId = extensibleStruct({ start_id: unsigned(4), next_id: unsigned(4) });
const pinned = extensibleStruct({ pathname: pointerShape, bpf_fd: descriptorOrNone, file_flags: hexadecimal(4) });
const attachment = extensibleStruct({
  target_fd: descriptor,
  attach_bpf_fd: descriptor,
  attach_type: nameShape(bpfAttachTypes),
  attach_flags: flagsShape(bpfAttachFlags),
  replace_bpf_fd: descriptorOrNone,
});

const byCommand: Readonly<Record<number, Shape>> = {
  0: extensibleStruct({
    map_type: nameShape(bpfMapTypes),
    key_size: unsigned(4),
    value_size: unsigned(4),
    max_entries: unsigned(4),
    map_flags: flagsShape(bpfMapFlags),
    inner_map_fd: descriptorOrNone,
    _numa_node: unsigned(4),
    map_name: characters(16),
    map_ifindex: unsigned(4),
    btf_fd: descriptorOrNone,
    btf_key_type_id: unsigned(4),
    btf_value_type_id: unsigned(4),
    btf_vmlinux_value_type_id: unsigned(4),
    map_extra: hexadecimal(8),
  }),
  1: element,
  2: element,
  3: extensibleStruct({ map_fd: descriptor, key: pointerShape }),
  4: extensibleStruct({ map_fd: descriptor, key: pointerShape, next_key: pointerShape }),
  5: extensibleStruct({
    prog_type: nameShape(bpfProgramTypes),
    insn_cnt: unsigned(4),
    insns: pointerShape,
    license: pointerShape,
    log_level: unsigned(4),
    log_size: unsigned(4),
    log_buf: pointerShape,
    kern_version: kernelVersion,
    prog_flags: flagsShape(bpfProgramFlags),
    prog_name: characters(16),
    prog_ifindex: unsigned(4),
    expected_attach_type: nameShape(bpfAttachTypes),
    prog_btf_fd: descriptorOrNone,
    func_info_rec_size: unsigned(4),
    func_info: pointerShape,
    func_info_cnt: unsigned(4),
    line_info_rec_size: unsigned(4),
    line_info: pointerShape,
    line_info_cnt: unsigned(4),
    attach_btf_id: unsigned(4),
    attach_prog_fd: descriptorOrNone,
    core_relo_cnt: unsigned(4),
    fd_array: pointerShape,
    core_relos: pointerShape,
    core_relo_rec_size: unsigned(4),
  }),
  6: pinned,
  7: pinned,
  8: attachment,
  9: attachment,
  11: nextId,
  12: nextId,
  13: byId('prog_id'),
  14: byId('map_id'),
  15: extensibleStruct({ bpf_fd: descriptor, info_len: unsigned(4), info: pointerShape }),
  16: extensibleStruct({
    target_fd: descriptor,
    attach_type: nameShape(bpfAttachTypes),
    query_flags: hexadecimal(4),
    attach_flags: flagsShape(bpfAttachFlags),
    prog_ids: pointerShape,
    prog_cnt: unsigned(4),
  }),
  17: extensibleStruct({ name: pointerShape, prog_fd: descriptor }),
  18: extensibleStruct({
    btf: pointerShape,
    btf_log_buf: pointerShape,
    btf_size: unsigned(4),
    btf_log_size: unsigned(4),
    btf_log_level: unsigned(4),
  }),
  19: byId('btf_id'),
  21: element,
  22: extensibleStruct({ map_fd: descriptor }),
  23: nextId,
  28: extensibleStruct({
    prog_fd: descriptor,
    target_fd: descriptorOrNone,
    attach_type: nameShape(bpfAttachTypes),
    flags: hexadecimal(4),
  }),
  29: extensibleStruct({
    link_fd: descriptor,
    new_prog_fd: descriptor,
    flags: flagsShape(bpfAttachFlags),
    old_prog_fd: descriptorOrNone,
  }),
  30: byId('link_id'),
  31: nextId,
  32: extensibleStruct({ type: unsigned(4) }),
  33: extensibleStruct({ link_fd: descriptor, flags: hexadecimal(4) }),
  34: extensibleStruct({ link_fd: descriptor }),
  35: extensibleStruct({ prog_fd: descriptor, map_fd: descriptor, flags: hexadecimal(4) }),
};

/** union bpf_attr as its command reads it; bytes for a command that is not known. */
export const bpfAttribute = behind(
  { kind: 'counted', count: 2, itemSize: 1, most: 152 },
  (data, view: ArgumentView) => {
    const shape = byCommand[int32(view.registers[0] ?? 0n)];
    return shape ? shape.show(data, view) : quoted(data);
  },
);
