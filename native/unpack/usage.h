/* What a directory tree takes on disk, as src/containerd/snapshot/usage.ts counts it: for whoever has just unpacked it, while it is in memory. */
#ifndef TLAB_USAGE_H
#define TLAB_USAGE_H
#include <stdint.h>

struct usage {
	uint64_t size_bytes; /* allocated */
	uint64_t file_bytes; /* lengths of all that is no directory */
	uint64_t inodes;     /* hard links counted once */
};

/* Does not close the directory. */
void usage_of(int directory, struct usage *usage);

#endif
