/* A hook: a program of the caller's, told of the container by its state on standard input. */
#ifndef TLAB_HOOK_H
#define TLAB_HOOK_H
#include "verbs.h"

/* Runs it and waits; -1 when it fails or is not done in time, with what it printed last. */
int hook_run(const struct operation *operation, const char *state_json, struct failure *failure);
/* The hooks after exec of this phase: poststart up to the first that fails, poststop all. */
int hooks_run_late(const struct call *call, const struct plan *plan, const char *phase, const char *state_json, struct failure *failure);

#endif
