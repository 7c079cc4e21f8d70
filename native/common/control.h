/*
 * Hold and inject: with the path of a unix socket in TLAB_CONTROL a stage asks its controller before each step, and waits for the answer.
 *
 *     stage                                                       controller
 *     ask STAGE PID VERB ID INDEX NAME ACTOR [CAUSE] newline  ─▶
 *                                                             ◀─  go newline, or fail ERRNO newline (a name or a number)
 *
 * One question at a time, each process on a connection of its own (a container's first process asks with the pid of its runtime, which
 * connects for it). INDEX is the place in the plan, or - for a step that no plan has. A controller that is absent, goes away, is another
 * user's, or speaks anything else means go: nothing but an explicit `fail` may change what a command does.
 */
#ifndef TLAB_CONTROL_H
#define TLAB_CONTROL_H
#include <stdbool.h>

enum { CONTROL_NO_INDEX = -1 };

struct question {
	const char *verb;
	const char *id;    /* of the container; an exec's is `container/exec` */
	long index;
	const char *name;  /* of the operation or step: no spaces */
	const char *actor; /* runtime or init, in a plan; otherwise the stage's own name */
	const char *cause; /* JSON pointer, or what the step is about; may be NULL */
};

/* Connects when the environment asks for it, on a descriptor of at least `lowest`, close-on-exec. Before any clone. */
void control_open(const char *stage, int lowest);
/* Around a clone of a process that will ask too: it gets a connection of its own. */
void control_before_clone(void);
void control_after_clone(bool is_child);
/* Of the connection; -1 for none. */
int control_descriptor(void);
/* 0: go; otherwise the errno that the step must fail with. Allocates nothing. */
int control_ask(const struct question *question);

#endif
