/* The TypeScript part: what has judgement or is slow. Run with the Node.js that tlab pins. */
#ifndef TLAB_NODE_H
#define TLAB_NODE_H
#include "failure.h"
#include "options.h"

/* Replaces this process: `tlab-runc.cjs <argv[1..]>`. Returns -1 with a failure when it cannot. */
int node_take_over(char **argv, struct failure *failure);
/* Replaces this (forked) process by the compiler; ends with 1 when it cannot, having said why. */
_Noreturn void node_compile(const char *bundle, const char *document, const struct options *options);

#endif
