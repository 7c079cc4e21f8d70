/*
 * The runtime's own program must not be reachable from a container: a program that is a link to /proc/self/exe would otherwise
 * get a descriptor of it, and could overwrite it for the next container (CVE-2019-5736). So verbs that put a process into a
 * container first copy themselves into a sealed memfd and execute that: it cannot be written, and nothing else uses it.
 */
#ifndef TLAB_SEALED_H
#define TLAB_SEALED_H
#include <limits.h>

#include "failure.h"

/* Returns 0 in the sealed copy; otherwise executes it, and returns -1 only when that fails. */
int run_sealed(char **argv, struct failure *failure);
/* Where the program is on disk, also from within the copy. */
int own_path(char path[PATH_MAX]);

#endif
