/*
 * Where a path leads in the tree that the layer makes with those below it, as whoever mounts them sees it. The layer itself has only what it
 * brings: a parent that is a symlink below must be followed there, or a directory of that name would hide it.
 */
#ifndef TLAB_UNPACK_MERGED_H
#define TLAB_UNPACK_MERGED_H
#include <limits.h>
#include <stdbool.h>
#include <sys/stat.h>

/* `layers`: open directories, topmost first. The path without symlinks; what is not there is as it is written. Fails at too many symlinks. */
void merged_resolve(const int *layers, int count, const char *path, char real[PATH_MAX]);

/* What a path names, itself when it is a symlink: in the topmost layer that has it, unless one hides it. */
struct merged {
	int layer;
	int parent; /* its directory in that layer, open; of whoever asked */
	char path[PATH_MAX];
	const char *name; /* the end of `path` */
	struct stat status;
};

bool merged_find(const int *layers, int count, const char *path, struct merged *found);

#endif
