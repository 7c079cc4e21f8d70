/* Reports /tasks/oom where the kernel can say so; where it cannot, there is no such event. */
#ifndef TLAB_OOM_H
#define TLAB_OOM_H
#include "loop.h"

struct container;

struct oom {
	struct source source;
	bool watched;
	int counters; /* memory.oom_control or memory.events; stays open: no path can be swapped under it */
	uint64_t seen;
	struct timer again;
	int looks; /* that are left */
};

void oom_watch(struct container *container);
/* Publishes what has happened since; called before an exit is announced, so that the reason comes first. */
void oom_check(struct container *container);
void oom_forget(struct oom *oom);

#endif
