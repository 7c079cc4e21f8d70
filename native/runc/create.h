/* What create, run and exec share. */
#ifndef TLAB_CREATE_H
#define TLAB_CREATE_H
#include "executor.h"
#include "options.h"

struct shared *shared_make(struct failure *failure);
int check_preserved(const struct options *options, struct failure *failure);
/* Waits for a child, handing on every signal that comes; its exit status, 128+n for a signal. */
int wait_foreground(pid_t child);

#endif
