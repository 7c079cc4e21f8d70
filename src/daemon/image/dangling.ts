// What kind of name a record of the image store has: a tag, a digest, or none.

/** Images without a name have this one, with their digest: a name is what keeps content. @source moby daemon/containerd/image_tag.go */
export const danglingPrefix = 'docker.io/library/moby-dangling@';

export const isDangling = (reference: string): boolean => reference.startsWith(danglingPrefix);

/** False for `name@sha256:…` and for images without a name. */
export const isTagged = (reference: string): boolean => !reference.includes('@');
