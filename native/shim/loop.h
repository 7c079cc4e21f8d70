/*
 * The shim's one thread: a poll(2) loop over sources (descriptors) and timers.
 * A source belongs to the object that embeds it; it may be removed inside any callback, also its own.
 */
#ifndef TLAB_LOOP_H
#define TLAB_LOOP_H
#include <stdbool.h>
#include <stdint.h>

struct source {
	int fd;       /* -1: not watched */
	short events; /* POLLIN, POLLOUT; 0: not polled at all for now */
	void (*ready)(struct source *source, short revents);
	int slot;
};

struct timer {
	uint64_t at_ms; /* on CLOCK_MONOTONIC; 0: not armed */
	void (*fired)(struct timer *timer);
	struct timer *next;
	bool listed;
};

/* Fails (returns false) only when memory is short. */
bool loop_add(struct source *source, int fd, short events, void (*ready)(struct source *, short));
/* Stops watching. Does not close the descriptor. */
void loop_remove(struct source *source);

void timer_set(struct timer *timer, uint64_t after_ms, void (*fired)(struct timer *));
void timer_stop(struct timer *timer);
uint64_t monotonic_ms(void);

/* Runs until loop_stop. */
void loop_run(void);
void loop_stop(void);

#endif
