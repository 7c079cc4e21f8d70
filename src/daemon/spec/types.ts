// How containerd's clients name the documents that they hand over in an Any.

/** @source containerd typeurl: how Go clients name the documents in an Any */
export const specType = 'types.containerd.io/opencontainers/runtime-spec/1/Spec';
export const processType = 'types.containerd.io/opencontainers/runtime-spec/1/Process';
