/* The command line of tlab-tracer. */
#ifndef TLAB_TRACER_OPTIONS_H
#define TLAB_TRACER_OPTIONS_H

#include <stddef.h>
#include <sys/types.h>

#include "settings.h"

struct options {
	const char *output;
	unsigned buffer_mb; /* a power of two */
	pid_t follow[FOLLOW_MOST];
	size_t follows;
};

/* Fails with STATUS_USAGE. */
struct options options_parse(int count, char **words);

#endif
