/* Files with several names: where each was copied to first. */
#ifndef TLAB_COPY_LINKS_H
#define TLAB_COPY_LINKS_H
#include <stdbool.h>
#include <sys/stat.h>

#include "tree.h"

/* Makes `name` a further name of the copy that there is of `source`; false when there is none, or not any more. */
bool links_make(struct tree *to, const struct stat *source, int parent, const char *name);
/* The copy of `source` is at `path`, which is `name` in `parent`. */
void links_remember(const struct stat *source, const char *path, int parent, const char *name);

#endif
