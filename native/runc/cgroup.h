/* Control groups. A directory is believed to be one only when statfs(2) says so: engines leave plain look-alikes on hosts. */
#ifndef TLAB_CGROUP_H
#define TLAB_CGROUP_H
#include <stdbool.h>
#include <stdio.h>
#include <sys/types.h>

#include "plan.h"

struct executor;

bool is_cgroup_fd(int fd);
/* A directory that is a cgroup; -1 with errno, ENOTSUP where it is none. */
int cgroup_open(const char *path);
/* The processes of one cgroup, a number a line; NULL where they cannot be read. The caller closes it. */
FILE *cgroup_members(int dir);
/* A cgroup and those below it, depth first: `visit` sees children before their parent. One that is not there is passed over. */
typedef void (*cgroup_visit)(int parent, const char *name, int dir, void *context);
void cgroup_walk(int parent, const char *name, cgroup_visit visit, void *context);
/* Before `create` makes anything: -1 where processes are in the plan's cgroups, or where they are frozen. */
int cgroups_check_free(const struct plan *plan, struct failure *failure);
/* Before the first process is made: what it needs to join its cgroups. */
int cgroups_open_joins(struct executor *executor);
/* Calls `each` for the directory of every cgroup_join of a plan. Stops at the first -1. */
int cgroups_each(const struct plan *plan, int (*each)(const char *path, void *context), void *context);
/* Sends a signal to every process in the plan's cgroups; *sent counts them. */
int cgroups_signal(const struct plan *plan, int sig, unsigned *sent);
/* Removes the plan's cgroups and those beneath, killing what is left in them. */
int cgroups_remove(const struct plan *plan, struct failure *failure);
/* Kills all that is in them and below, where the kernel can do it at once (version 2); elsewhere it does nothing and says false. */
bool cgroups_kill(const struct plan *plan);
/* The freezer of the plan's cgroups: all stand still because of it; it has been asked to freeze. What is frozen from above counts in neither. */
bool cgroups_frozen(const struct plan *plan);
bool cgroups_freezing(const struct plan *plan);
int cgroups_freeze(const struct plan *plan, bool frozen, struct failure *failure);

#endif
