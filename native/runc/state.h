/*
 * The state directory <root>/<id>/, which is all that is known of a container between two calls:
 *   container    what the native verbs need, binary     plan         copy of the executed plan
 *   state.json   for people and for the slow verbs      start.fifo   there from create until start
 * `create` makes the directory first and `container` with pid 0, so that whatever kills it, `delete --force` can clean up.
 */
#ifndef TLAB_STATE_H
#define TLAB_STATE_H
#include <limits.h>
#include <stdint.h>
#include <sys/types.h>

#include "failure.h"
#include "plan.h"

struct saved {
	char magic[8]; /* "TLABCONT" */
	uint32_t version;
	int32_t pid; /* 0: create has not come to an end */
	uint64_t start_time; /* of the process, clock ticks since boot: tells a reused pid */
	uint64_t created_s;
	uint32_t created_ns;
	uint32_t uid;
	char bundle[PATH_MAX];
	char rootfs[PATH_MAX];
};

struct container {
	const char *id;
	int dir; /* O_PATH of the state directory */
	char path[PATH_MAX];
	struct saved saved;
	struct plan plan;
};

enum status { STATUS_CREATING, STATUS_CREATED, STATUS_RUNNING, STATUS_PAUSED, STATUS_STOPPED };
extern const char *const status_names[];

/* A new state directory; it must not exist. The FIFO and the plan's copy are in it afterwards. */
int container_make(struct container *container, const char *root, const char *id, struct failure *failure);
/* An existing one, with its plan. failure->number is ENOENT when there is none. */
int container_open(struct container *container, const char *root, const char *id, struct failure *failure);
int container_read_plan(struct container *container, struct failure *failure);
void container_close(struct container *container);
/* Removes the state directory; the plan stays in memory. */
int container_forget(struct container *container, struct failure *failure);

/* Writes `container` and state.json, each whole or not at all. */
int container_save(const struct container *container, struct failure *failure);
int write_whole_at(int dir, const char *name, const void *data, size_t size);

enum status container_status(const struct container *container);
/* A pidfd of the container's first process, verified by its start time; -1 when it is gone. */
int container_pidfd(const struct container *container);
/* Field 22 of /proc/<pid>/stat; 0 when there is no such process or it is a zombie. */
uint64_t process_start_time(pid_t pid);

/* The state as the runtime specification has it, into `text`. */
void container_state_json(const struct container *container, enum status status, char *text, size_t size);

#endif
