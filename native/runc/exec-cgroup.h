#ifndef TLAB_EXEC_CGROUP_H
#define TLAB_EXEC_CGROUP_H
#include "options.h"
#include "plan.h"

/* Changes the plan's cgroup_join operations to what --cgroup says. */
int exec_cgroups(struct plan *plan, const struct words *words, struct failure *failure);

#endif
