/* Paths in the container's root: resolved beneath it by the kernel, used by descriptor, never again as a string. */
#ifndef TLAB_ROOT_H
#define TLAB_ROOT_H
#include "executor.h"

/* openat2 with RESOLVE_IN_ROOT; close-on-exec; -1 with errno. */
int root_open(const struct executor *executor, const char *path, int flags);
/* O_PATH of `path`, made as a directory or an empty file when it is missing, its parents too. -1 with a failure. */
int root_make(struct executor *executor, const char *path, bool directory);
/* O_PATH of the parent of `path`, made when missing; *base is the last component. */
int root_parent(struct executor *executor, const char *path, const char **base);
/* Does `call` hold for mount(2) on the directory `fd`: it goes by the working directory, which is restored. */
int enter(int fd);
void leave(int saved);

#endif
