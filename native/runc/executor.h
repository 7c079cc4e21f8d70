/*
 * What is known while a plan is executed. The runtime fills it before the clone; the child has its own copy afterwards, and only
 * `shared` and the records are seen by both. Fields are grouped by who may change them.
 */
#ifndef TLAB_EXECUTOR_H
#define TLAB_EXECUTOR_H
#include <limits.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <sys/types.h>

#include "failure.h"
#include "plan.h"
#include "records.h"

#define STATE_JSON_BYTES 65536
#define MAX_NAMESPACES 32
#define MAX_CGROUPS_MADE 128
#define MAX_CGROUPS_JOINED 32
#define MAX_MOUNT_SOURCES 128
#define MAX_HELD_MOUNTS 128

/* One page range, MAP_SHARED: the only memory that both processes write. */
struct shared {
	struct failure failure;
	atomic_int executing; /* set by the child right before execve(2) */
	pid_t cloned; /* by the joiner; written by the kernel before the child runs */
	bool cloned_into_cgroup; /* by the joiner too */
	atomic_int listener; /* by the child: the number of its seccomp listener plus one, or LISTENER_FAILED */
	atomic_int listener_sent; /* by the runtime: the agent has it */
	char state_json[STATE_JSON_BYTES]; /* for hooks; written by the runtime while the child waits */
};

struct executor {
	/* set by the verb, before execute() */
	const char *verb;
	const char *id;
	const char *bundle;
	const char *console_socket; /* NULL: none given */
	const char *oci_version; /* of the container's config.json */
	unsigned preserve_fds;
	bool no_pivot, no_new_keyring;
	pid_t joined; /* exec: the container's init, whose namespaces are joined; 0 otherwise */
	struct plan *plan;
	struct shared *shared;
	struct failure *failure; /* = &shared->failure */
	struct records records;
	int fifo; /* what await_start reads; -1 without barrier */
	int (*after_clone)(struct executor *executor); /* runtime: the child exists and waits */
	int (*on_ready)(struct executor *executor); /* runtime, while the child stands before its barrier */

	/* runtime */
	pid_t child;  /* that acts as init: the joiner until it has cloned the child */
	pid_t joiner; /* of a plan with a fork; 0 */
	int time_offsets; /* the child's timens_offsets, where the plan sets clocks; -1 */
	int socket; /* own end of the hand-over */
	int peer; /* the child's end, until the clone */
	int agent; /* connected to the seccomp agent; -1 */
	const struct operation *listener; /* what the agent is to be told */
	char *cgroups_made[MAX_CGROUPS_MADE];
	unsigned cgroups_made_count;
	bool unit_started; /* systemd has the child in a unit of its own */

	/* made by the runtime before the clone, used by both */
	int namespaces[MAX_NAMESPACES]; /* of the setns operations, in plan order; -1: already in it */
	int host_proc; /* O_PATH of the host's procfs: never a path that the container could replace */
	int joins[MAX_CGROUPS_JOINED]; /* of init's cgroup_join operations, in plan order: `tasks`, open for writing */
	int clone_into; /* a version 2 cgroup's directory, until a process is made in it; -1 */
	const char *clone_into_path, *cloned_into; /* its path; the same once the child is in it */
	int sources[MAX_MOUNT_SOURCES]; /* detached mounts, in plan order; the child attaches them */
	unsigned sources_count, sources_attached;
	int console; /* connected console socket, or own socketpair in the foreground; -1 */

	/* init */
	uint32_t current; /* index of the operation under way */
	int root; /* O_PATH of the container's root; -1 before root_bind */
	struct {
		const char *target;
		int mount;
	} held[MAX_HELD_MOUNTS]; /* mounts made here that a later operation of the plan changes, so that it does not look for them by name */
	unsigned held_count;
	bool pivoted;
	bool in_new_user_namespace;
	bool awaits_maps; /* it is nobody in its new user namespace until the runtime's next GO */
	const char *postponed_chdir;
	bool dies_with_runtime; /* PR_SET_PDEATHSIG is set */
	bool filtered; /* a seccomp filter stands, which may refuse any further call, or kill for it */
	bool prepared; /* before the last filter, for execve(2) */
	int tolerated; /* errno that an operation met and may ignore; goes to its record */
	char program[PATH_MAX];
};

/* Runs the whole plan up to the barrier, or to exec where there is none. On -1 everything made is undone. */
int execute(struct executor *executor);
void executor_undo(struct executor *executor);

/* The child's half of execute(); never returns. */
_Noreturn void child_main(struct executor *executor);

/* By the child, at its birth and after each change of ids, which clears the signal; dies at once when the runtime has died meanwhile. */
void die_with_runtime(struct executor *executor);
/* The opposite, before a program that shall live longer: execve(2) would keep the signal. */
int outlive_runtime(struct executor *executor);

/* The runtime's, once its joiner has said anything: the child that it has cloned takes its place. -1 when that is not to be believed. */
int child_of_joiner(struct executor *executor);

/* One operation with its record and its cause in the failure. A controller is asked first (hold.h). */
int run_operation(struct executor *executor, uint32_t index);

/* The child takes id 0 of the user namespace that it was cloned into or has joined. */
int become_root_of_user_namespace(struct executor *executor);

#define FAIL_CALL(executor, call, ...) fail_call((executor)->failure, call, __VA_ARGS__)
#define FAIL(executor, ...) fail_plain((executor)->failure, __VA_ARGS__)

/* Every operation of the table has one function; a row without one does not link. */
#define X(name, code, types) int op_##name(struct executor *executor, const struct operation *operation);
OPERATIONS(X)
#undef X

#endif
