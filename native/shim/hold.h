/*
 * Where the shim asks its controller (../common/control.h): before each step of a request and of its start and delete actions.
 * While it waits for the answer the whole shim waits, as it has one thread.
 */
#ifndef TLAB_SHIM_HOLD_H
#define TLAB_SHIM_HOLD_H
#include "shim.h"

struct step {
	const struct request *request; /* whose verb it is; NULL: `verb` */
	const char *verb;
	const struct process *process; /* NULL: the container */
	const char *name;
	const char *about; /* what the step works on; may be NULL */
};

/* True to go on; otherwise errno is the injected one. */
bool hold_step(const struct step *step);
/* The same, with the sentence that says so. */
bool hold_or_say(const struct step *step, char *error, size_t size);

#endif
