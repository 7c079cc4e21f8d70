/* Where this runtime asks its controller (../common/control.h): before each operation of a plan and before the steps of a verb. */
#ifndef TLAB_HOLD_H
#define TLAB_HOLD_H
#include "../common/control.h"
#include "executor.h"
#include "verbs.h"

/* Both: 0 to go on; -1 with the failure that the controller has asked for. */
int hold_operation(struct executor *executor, uint32_t index);
int hold_step(struct call *call, const char *name);
/* A hook that `start` or `delete` runs: an operation of the plan, but outside of the two loops. */
int hold_hook(const struct call *call, uint32_t index, const struct operation *hook, struct failure *failure);

#endif
