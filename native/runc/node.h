/* The TypeScript part: what has judgement or is slow. Run with the Node.js that tlab pins. */
#ifndef TLAB_NODE_H
#define TLAB_NODE_H
#include "failure.h"
#include "options.h"

struct compilation {
	const char *bundle;
	const char *document; /* NULL: the bundle's config.json */
	const char *output; /* where the plan goes */
};

/* Replaces this process: `tlab-runc.cjs <argv[1..]>`. Returns -1 with a failure when it cannot. */
int node_take_over(char **argv, struct failure *failure);
/* Replaces this (forked) process by one that writes the process document of an exec's command line to `output`; ends as node_compile. */
_Noreturn void node_document(char **argv, int verb_at, const char *output);
/* Replaces this (forked) process by the compiler; ends with 1 when it cannot, having said why. */
_Noreturn void node_compile(const struct compilation *compilation, const struct options *options);

#endif
