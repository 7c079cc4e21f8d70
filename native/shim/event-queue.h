/* Events that wait for containerd: in order, with a bound. */
#ifndef TLAB_EVENT_QUEUE_H
#define TLAB_EVENT_QUEUE_H
#include <stdbool.h>

#include "proto.h"

enum { EVENTS_MAX = 1024 };

struct event {
	struct event *next;
	struct writer request;
	char topic[24];
	char traceparent[56];
	char *container;
	bool of_exec;
};

struct event_queue {
	struct event *first;
	unsigned count;
	bool is_sent; /* the first is under way: it stays until it is answered */
};

/* Puts it last, and owns it. `dropped` is called with each event that goes for want of room. */
void event_queue_put(struct event_queue *queue, struct event *event, void (*dropped)(const struct event *event));
void event_queue_drop_first(struct event_queue *queue);
void event_free(struct event *event);

#endif
