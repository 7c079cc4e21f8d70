// The device programs on a version 2 cgroup that is in use. Each program of a cgroup must allow an access, so the new one is attached
// before the old ones are taken off: in between both hold, and never neither. @source man bpf(2); uapi linux/bpf.h union bpf_attr
import { closeSync, constants, openSync } from 'node:fs';
import { createRequire } from 'node:module';
import { getSystemErrorMap } from 'node:util';
import { LabError } from '../../base/errors.ts';
import { mustBeCgroup } from './cgroups.ts';

/** @source uapi linux/bpf.h enum bpf_cmd */
const command = { load: 5, attach: 8, detach: 9, programOfId: 13, info: 15, query: 16 } as const;
const PROGRAM_CGROUP_DEVICE = 15;
const ATTACH_CGROUP_DEVICE = 6;
const ALLOW_MULTI = 2;
const instructionBytes = 8;
const attributeBytes = 128;
const maxPrograms = 64;

/** systemd's, on the cgroup of a unit: it makes that anew itself. @source systemd src/core/bpf-devices.c */
const ofSystemd = /^sd_devices/;

type Bpf = (what: keyof typeof command, fill: (attribute: Buffer) => void) => { result: number; attribute: Buffer };

/** Throws `conflict` for a path that is no cgroup, `internal` with the kernel's errno for a refusal. */
export function replaceDevicePrograms(cgroup: string, program: Uint8Array): void {
  mustBeCgroup(cgroup);
  const { bpf, addressOf } = openBpf(cgroup);
  const open: number[] = [];
  const kept = (descriptor: number): number => {
    open.push(descriptor);
    return descriptor;
  };
  try {
    const target = kept(openSync(cgroup, constants.O_RDONLY | constants.O_DIRECTORY));
    const old = attached(bpf, { target, addressOf }).map((id) =>
      kept(bpf('programOfId', (attribute) => attribute.writeUInt32LE(id, 0)).result),
    );
    const instructions = Buffer.from(program);
    const license = Buffer.from('Apache\0');
    const fresh = kept(
      bpf('load', (attribute) => {
        attribute.writeUInt32LE(PROGRAM_CGROUP_DEVICE, 0);
        attribute.writeUInt32LE(instructions.length / instructionBytes, 4);
        attribute.writeBigUInt64LE(addressOf(instructions), 8);
        attribute.writeBigUInt64LE(addressOf(license), 16);
      }).result,
    );
    const put = (what: 'attach' | 'detach', descriptor: number): unknown =>
      bpf(what, (attribute) => {
        attribute.writeUInt32LE(target, 0);
        attribute.writeUInt32LE(descriptor, 4);
        attribute.writeUInt32LE(ATTACH_CGROUP_DEVICE, 8);
        attribute.writeUInt32LE(what === 'attach' ? ALLOW_MULTI : 0, 12);
      });
    put('attach', fresh);
    for (const descriptor of old) {
      if (!ofSystemd.test(nameOf(bpf, { descriptor, addressOf }))) put('detach', descriptor);
    }
  } finally {
    for (const descriptor of open) closeSync(descriptor);
  }
}

type AddressOf = (buffer: Buffer) => bigint;

/** Ids of the programs on this very cgroup. */
function attached(bpf: Bpf, { target, addressOf }: { target: number; addressOf: AddressOf }): number[] {
  const ids = Buffer.alloc(maxPrograms * 4);
  const { attribute } = bpf('query', (attribute) => {
    attribute.writeUInt32LE(target, 0);
    attribute.writeUInt32LE(ATTACH_CGROUP_DEVICE, 4);
    attribute.writeBigUInt64LE(addressOf(ids), 16);
    attribute.writeUInt32LE(maxPrograms, 24);
  });
  return Array.from({ length: attribute.readUInt32LE(24) }, (_, index) => ids.readUInt32LE(index * 4));
}

/** @source uapi linux/bpf.h struct bpf_prog_info: the name is at 64 */
function nameOf(bpf: Bpf, { descriptor, addressOf }: { descriptor: number; addressOf: AddressOf }): string {
  const info = Buffer.alloc(80);
  bpf('info', (attribute) => {
    attribute.writeUInt32LE(descriptor, 0);
    attribute.writeUInt32LE(info.length, 4);
    attribute.writeBigUInt64LE(addressOf(info), 8);
  });
  return info.toString('latin1', 64, 80).replace(/\0.*$/s, '');
}

/** koffi is loaded only here: an update of other limits does without. */
function openBpf(cgroup: string): { bpf: Bpf; addressOf: AddressOf } {
  const koffi = createRequire(import.meta.url)('koffi') as typeof import('koffi');
  const syscall = koffi.load('libc.so.6').func('long syscall(long number, long command, void *attribute, long size)');
  const number = process.arch === 'arm64' ? 280 : 321; // @source uapi asm/unistd.h __NR_bpf
  const bpf: Bpf = (what, fill) => {
    const attribute = Buffer.alloc(attributeBytes);
    fill(attribute);
    const result = Number(syscall(number, command[what], attribute, attributeBytes));
    if (result < 0) {
      const [name, words] = getSystemErrorMap().get(-koffi.errno()) ?? ['errno', koffi.errno()];
      throw new LabError('internal', `changing the device program of "${cgroup}": bpf(2): ${name} ${words} (${what})`);
    }
    return { result, attribute };
  };
  return { bpf, addressOf: (buffer) => BigInt(koffi.address(buffer)) };
}
