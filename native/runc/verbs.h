/* The native verbs, a file each. All return the exit status; a failure is said by main(). */
#ifndef TLAB_VERBS_H
#define TLAB_VERBS_H
#include "events.h"
#include "options.h"
#include "state.h"

struct call {
	struct options options;
	char **argv; /* what the options were read from */
	struct events events;
	struct failure failure;
};

#define VERB_FAILED (-1)

int verb_create(struct call *call);
int verb_start(struct call *call);
int verb_run(struct call *call);
int verb_state(struct call *call);
int verb_kill(struct call *call);
int verb_delete(struct call *call);
int verb_exec(struct call *call);
int verb_pause(struct call *call);
int verb_resume(struct call *call);

/* Shared by create, run and exec. */
int write_pid_file(const char *path, int pid, struct failure *failure);
/* Shared by start and run. */
int start_container(struct container *container, struct call *call);
/* Also when create fails after the clone: what its hooks made is undone. A failing one is a warning. */
void run_poststop_hooks(const struct container *container, struct call *call);
/* Shared by delete and run: removes a stopped container, its cgroups, its state; runs poststop hooks. */
int remove_container(struct container *container, struct call *call);
/* What SIGKILL needs. */
void container_thaw(const struct container *container);
/* Kills it and waits for its end, thawing it where it is frozen. */
int container_kill(struct container *container, struct failure *failure);

#endif
