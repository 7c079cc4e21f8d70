// Conversions that several services need between the store's plain objects and the door's messages.
import { create } from '@bufbuild/protobuf';
import { timestampFromMs } from '@bufbuild/protobuf/wkt';
import { LabError } from '../../base/errors.ts';
import { type Descriptor, DescriptorSchema } from '../../shim/proto/gen/types_pb.ts';
import type { Target } from '../metadata/images.ts';

export const timestamp = (ms: number) => timestampFromMs(ms);

export const descriptorOf = (target: Target): Descriptor =>
  create(DescriptorSchema, { ...target, size: BigInt(target.size) });

export const targetOf = (descriptor: Descriptor | undefined): Target => {
  const { mediaType, digest, size, annotations } = required('descriptor', descriptor);
  return { mediaType, digest, size: Number(size), annotations };
};

/** A message field that proto3 lets be absent and this service needs. Errors: invalidArgument. */
export function required<T>(what: string, value: T | undefined): T {
  if (value === undefined) throw new LabError('invalidArgument', `${what} is missing`);
  return value;
}
