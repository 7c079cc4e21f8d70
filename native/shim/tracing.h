/* What the shim tells a trace. Every function does nothing when its trace is not open. Rows: src/trace/rows/{shim,kernel}.ts */
#ifndef TLAB_TRACING_H
#define TLAB_TRACING_H
#include "shim.h"

struct call;

struct traced_mount {
	const char *source;
	const char *target;
	const char *type;
	const char *options;
	int error; /* errno, 0 on success */
};

void trace_request_received(const struct request *request);
void trace_response_sent(const struct request *request, enum code code, const char *error);
void trace_runtime_request(const struct trace *trace, const struct call *call);
void trace_runtime_response(const struct trace *trace, const struct call *call, int wait_status, const char *error);
void trace_executed(const struct trace *trace, const char *span, const char *const *argv, pid_t child);
void trace_mounted(const struct trace *trace, const struct traced_mount *mount);
void trace_unmounted(const struct trace *trace, const char *target);
void trace_stdio(const struct trace *trace, const struct process *process);
void trace_status(const struct trace *trace, const struct process *process, enum status from, enum status to);
void trace_reaped(const struct process *process, int wait_status);
void trace_published(const char *traceparent, const char *topic, int code);
void trace_dropped(const char *traceparent, const char *topic, const char *container);
/* The start and delete actions, whose trace is that of their environment: the exec door. */
void trace_action_received(const struct trace *trace, const char *action);
void trace_action_done(const struct trace *trace, const char *action, int status);
void trace_server_started(const struct trace *trace, pid_t pid);
void trace_server_joined(const struct trace *trace);

#endif
