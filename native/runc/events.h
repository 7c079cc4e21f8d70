/* What this process tells the trace: its door, its state changes, the plan that it executed. Nothing when nothing is traced. */
#ifndef TLAB_EVENTS_H
#define TLAB_EVENTS_H
#include <sys/types.h>

#include "../common/trace.h"
#include "plan.h"
#include "records.h"

struct events {
	struct trace trace;
};

void events_open(struct events *events);
void event_request(const struct events *events, const char *method, char **argv);
void event_response(const struct events *events, const char *method, int status, const char *error);
struct change {
	const char *event, *from, *to;
};
void event_state(const struct events *events, const char *id, struct change change);
/* Copies the plan beside the trace's part and opens the records; undone operations have no record. */
void events_plan_begin(const struct events *events, const struct plan *plan, struct records *records);
struct execution {
	const char *id, *rootfs;
	pid_t init, joiner; /* joiner: 0 for none */
};
void event_plan_executed(const struct events *events, const struct plan *plan, struct execution execution);
void event_cgroup_removed(const struct events *events, const char *path);

#endif
