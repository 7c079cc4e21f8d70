/* What create, run and exec share. */
#ifndef TLAB_CREATE_H
#define TLAB_CREATE_H
#include "executor.h"
#include "options.h"

struct shared *shared_make(struct failure *failure);
/* To a caller's socket, with `standard` for the first process, `setns` for that of an exec. */
int send_pidfd(const char *path, int pid, const char *whose, struct failure *failure);
int check_preserved(const struct options *options, struct failure *failure);
int check_terminal(const struct options *options, const struct plan *plan, struct failure *failure);
/* ends[1] is for the executor: the console socket, or the child's end of a pair whose other end is ends[0]; -1 without terminal. */
int open_console(const struct executor *executor, const struct options *options, int ends[2], struct failure *failure);
/* Waits for a child, handing on every signal that comes; its exit status, 128+n for a signal. */
int wait_foreground(pid_t child);

#endif
