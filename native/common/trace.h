/*
 * A native stage's part of a trace: the same JSON Lines as src/trace/recorder.ts writes, one write(2) a line.
 * A trace exists only if the folder of its trace id exists below $TLAB_TRACES; nothing here creates one.
 */
#ifndef TLAB_TRACE_H
#define TLAB_TRACE_H
#include <stdbool.h>

#include "json.h"

struct trace {
	int fd; /* -1: nothing is traced */
	const char *stage;
	char id[33];
	char span[17];
};

/* Opens this process's part for a W3C traceparent (may be NULL). Returns whether something is traced. */
bool trace_open(struct trace *trace, const char *stage, const char *traceparent);
void trace_close(struct trace *trace);

/* A new span id below the current one, for a call through a door; writes the traceparent to carry. */
void trace_child(const struct trace *trace, char span[17], char traceparent[56]);

/* Path of a file of this process beside the part: `<parts>/<stage>-<pid><suffix>`. Returns false when nothing is traced. */
bool trace_path(const struct trace *trace, const char *suffix, char *path, unsigned long size);

/*
 * Appends one event. `data` is a finished JSON object; cause and twin may be NULL; span NULL is the trace's own.
 */
void trace_emit(const struct trace *trace, const char *type, const char *span, const char *cause, const char *twin,
                const struct json *data);

#endif
