/* The container's program: found before the barrier, so that a missing one fails `create`; executed after it. */
#ifndef TLAB_PROGRAM_H
#define TLAB_PROGRAM_H
#include "executor.h"

/* Sets executor->program from argv[0] and PATH of the exec operation. */
int program_find(struct executor *executor, const struct operation *exec);

/*
 * Before a seccomp filter is installed: what is done now needs no leave of it. Behind the last one no more is called than read, write,
 * close and execve, which a program needs too; a profile may be older than close_range(2), or forbid prctl(2).
 */
int program_before_filter(struct executor *executor, bool listens);

#endif
