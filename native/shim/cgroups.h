/*
 * What the shim reads of a container's cgroups. Where they are is asked once, of the init process when it has just been created:
 * later it may have ended, or moved itself further down.
 * `cgroups` below is that answer: the text of /proc/<pid>/cgroup. @source man cgroups(7)
 */
#ifndef TLAB_CGROUPS_H
#define TLAB_CGROUPS_H
#include <stdbool.h>
#include <sys/types.h>

#include "proto.h"

enum { CGROUP_TEXT = 8192 };

/* Whether it is process 1 of a pid namespace, whose exit ends all others in it. */
bool is_namespace_init(pid_t pid);
bool cgroup_is_unified(void);
/* NULL when it cannot be read. The caller frees. */
char *cgroups_of(pid_t pid);
/* The folder of a v1 controller, or the unified one when `controller` is "". */
bool cgroup_folder(const char *cgroups, const char *controller, char folder[4096]);

/* A whole file, cut at CGROUP_TEXT. */
bool cgroup_text(const char *folder, const char *name, char text[CGROUP_TEXT]);
/* The first number of a file; UINT64_MAX for "max", 0 when there is none. */
uint64_t cgroup_number(const char *folder, const char *name);
/* The value after `key ` at the start of a line; 0 when there is none. */
uint64_t cgroup_keyed(const char *text, const char *key);

/* Calls for every process in the cgroup and in those below it. */
void cgroup_processes(const char *cgroups, void (*found)(pid_t pid, void *data), void *data);

#endif
