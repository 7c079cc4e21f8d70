#include "loop.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <time.h>

static struct {
	struct source **sources; /* slots; NULL when free */
	struct pollfd *polled;   /* one a slot */
	int count;
	struct timer *timers;
	bool stopped;
} loop;

static int free_slot(void)
{
	for (int i = 0; i < loop.count; i++)
		if (!loop.sources[i])
			return i;
	int count = loop.count + 8;
	struct source **sources = realloc(loop.sources, (size_t)count * sizeof *sources);
	if (!sources)
		return -1;
	loop.sources = sources;
	struct pollfd *polled = realloc(loop.polled, (size_t)count * sizeof *polled);
	if (!polled)
		return -1;
	loop.polled = polled;
	for (int i = loop.count; i < count; i++) {
		loop.sources[i] = NULL;
		loop.polled[i] = (struct pollfd){ .fd = -1 };
	}
	int slot = loop.count;
	loop.count = count;
	return slot;
}

bool loop_add(struct source *source, int fd, short events, void (*ready)(struct source *, short))
{
	int slot = free_slot();
	if (slot < 0)
		return false;
	*source = (struct source){ .fd = fd, .events = events, .ready = ready, .slot = slot };
	loop.sources[slot] = source;
	loop.polled[slot] = (struct pollfd){ .fd = -1 }; /* no stale revents for the new owner of a slot */
	return true;
}

void loop_remove(struct source *source)
{
	if (source->fd < 0)
		return;
	loop.sources[source->slot] = NULL;
	loop.polled[source->slot] = (struct pollfd){ .fd = -1 };
	source->fd = -1;
}

uint64_t monotonic_ms(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

void timer_set(struct timer *timer, uint64_t after_ms, void (*fired)(struct timer *))
{
	timer->at_ms = monotonic_ms() + after_ms;
	timer->fired = fired;
	if (timer->listed)
		return;
	timer->listed = true;
	timer->next = loop.timers;
	loop.timers = timer;
}

void timer_stop(struct timer *timer)
{
	timer->at_ms = 0;
	if (!timer->listed)
		return;
	struct timer **link = &loop.timers;
	while (*link != timer)
		link = &(*link)->next;
	*link = timer->next;
	timer->listed = false;
}

static int next_timeout_ms(void)
{
	uint64_t first = 0;
	for (const struct timer *timer = loop.timers; timer; timer = timer->next)
		if (first == 0 || timer->at_ms < first)
			first = timer->at_ms;
	if (first == 0)
		return -1;
	uint64_t now = monotonic_ms();
	return first <= now ? 0 : (int)(first - now);
}

static void fire_timers(void)
{
	uint64_t now = monotonic_ms();
	for (struct timer *timer = loop.timers; timer;) {
		if (timer->at_ms > now) {
			timer = timer->next;
			continue;
		}
		timer_stop(timer);
		timer->fired(timer);
		timer = loop.timers; /* the list may have changed */
	}
}

static void poll_once(void)
{
	for (int i = 0; i < loop.count; i++) {
		const struct source *source = loop.sources[i];
		bool watched = source && source->events;
		loop.polled[i] = (struct pollfd){ .fd = watched ? source->fd : -1, .events = watched ? source->events : 0 };
	}
	int ready = poll(loop.polled, (nfds_t)loop.count, next_timeout_ms());
	if (ready < 0 && errno != EINTR)
		loop.stopped = true;
	for (int i = 0; ready > 0 && i < loop.count; i++)
		if (loop.sources[i] && loop.polled[i].revents)
			loop.sources[i]->ready(loop.sources[i], loop.polled[i].revents);
}

void loop_run(void)
{
	while (!loop.stopped) {
		poll_once();
		fire_timers();
	}
}

void loop_stop(void)
{
	loop.stopped = true;
}
