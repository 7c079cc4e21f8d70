/*
 * Calls of the OCI runtime's command line: spawned, never waited for; the loop goes on and `done` is called once it has exited.
 * What the runtime has to say about a failure is the last error of its --log in JSON.
 */
#ifndef TLAB_RUNTIME_H
#define TLAB_RUNTIME_H
#include "shim.h"

enum { ARGUMENTS_MAX = 40 };

struct arguments {
	const char *list[ARGUMENTS_MAX + 1];
	int count;
};

struct call {
	pid_t pid;
	const char *verb;
	struct process *process;
	struct request *request; /* NULL: nobody asked */
	/* `error` is NULL on success, otherwise the runtime's own words. `call` is freed afterwards. */
	void (*done)(struct call *call, const char *error);
	bool killed; /* the runtime itself died of a signal, so it cannot have cleaned up */
	char log[4096];
	char span[17];
	struct call *next;
};

struct command {
	const char *verb;
	struct process *process;
	struct request *request;
	const int *stdio; /* three descriptors; NULL: all /dev/null */
	void (*done)(struct call *call, const char *error);
};

void arguments_add(struct arguments *arguments, const char *argument);
/* `<binary> --root … --log … <verb>`, to which the caller adds. `log` must live as long as the arguments. */
void runtime_arguments(struct arguments *arguments, const struct runtime *runtime, const char *verb, const char *log);

/* Starts `arguments` (those after the verb) for a process. False, with the request not touched, when it cannot be spawned. */
bool runtime_call(const struct command *command, const struct arguments *after_verb, char error[512]);
/* A child was reaped: true when it was a runtime. */
bool runtime_reaped(pid_t pid, int wait_status);
/* Runs one to its end, for the delete action, where there is no loop. Returns its wait status, -1 when it did not start. */
int runtime_run(const struct arguments *arguments);

/* Resolves the defaults: binary beside our own, root below the run folder, the namespace appended. False: no memory. */
bool runtime_defaults(struct runtime *runtime);
void runtime_free(struct runtime *runtime);
/* For the delete action of a later process: what Create was told. */
void runtime_save(const struct container *container);
void runtime_unsave(const struct container *container);
bool runtime_load(struct runtime *runtime);

/* log.c: the last error in a runtime's log. Returns NULL when there is none. The caller frees. */
char *runtime_log_error(const char *path);

#endif
