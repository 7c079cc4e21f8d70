/* The container's program: found before the barrier, so that a missing one fails `create`; executed after it. */
#ifndef TLAB_PROGRAM_H
#define TLAB_PROGRAM_H
#include "executor.h"

/* Sets executor->program from argv[0] and PATH of the exec operation. */
int program_find(struct executor *executor, const struct operation *exec);

#endif
