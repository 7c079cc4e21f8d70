/* What the shim reads of a container's cgroup, found through its init process: who is in it, and what it has used. */
#ifndef TLAB_CGROUPS_H
#define TLAB_CGROUPS_H
#include <stdbool.h>
#include <sys/types.h>

#include "proto.h"

/* Whether it is process 1 of a pid namespace, whose exit ends all others in it. */
bool is_namespace_init(pid_t pid);
bool cgroup_is_unified(void);
/* The folder of a process's cgroup: of a v1 controller, or the unified one when `controller` is "". @source man cgroups(7) */
bool cgroup_folder(pid_t pid, const char *controller, char folder[4096]);
/* The value after `key ` at the start of a line; 0 when there is none. */
uint64_t cgroup_keyed(const char *text, const char *key);
/* repeated ProcessInfo, field 1. */
void put_pids(struct writer *writer, pid_t init);
/* Any of io.containerd.cgroups.v1.Metrics or v2.Metrics. False with errno when the cgroup cannot be read. */
bool put_metrics(struct writer *writer, uint32_t field, pid_t init);

#endif
