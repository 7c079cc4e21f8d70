#include "drain.h"

#include <bpf/libbpf.h>
#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "failure.h"
#include "output.h"
#include "redact.h"

enum { PERIOD_MS = 20, GATHER_MS = 2, FLUSH_MS = 200, SETTLE_TRIES = 200, SETTLE_NS = 250000 };

static struct ring_buffer *ring;
static __u64 received;

static int take(void *context, void *record, size_t size)
{
	(void)context;
	unsigned char *room = output_room(size);
	memcpy(room, record, size);
	received++;
	output_add(redact_record(room, (unsigned)size));
	return 0;
}

void drain_begin(const struct tracer *tracer)
{
	ring = ring_buffer__new(tracer->ring_fd, take, NULL, NULL);
	if (!ring)
		fail(STATUS_HOST, "eBPF cannot be used: mapping the ring buffer: %s", strerror(errno));
}

/* Whether the caller wants an end: it closed our stdin. What it writes there is of no interest. */
static bool has_ended(int fd)
{
	char bytes[64];
	ssize_t n = read(fd, bytes, sizeof bytes);
	return n == 0 || (n < 0 && errno != EINTR && errno != EAGAIN);
}

void drain_until(int stop_fd, const volatile sig_atomic_t *stopped)
{
	int waited_ms = 0;
	bool was_woken = false;
	struct pollfd watched[] = { { .fd = stop_fd, .events = POLLIN }, { .fd = ring_buffer__epoll_fd(ring), .events = POLLIN } };
	while (!*stopped) {
		/* After a wake-up the ring is left alone for a moment, or a busy process would have us turn without end. */
		int wait_ms = was_woken ? GATHER_MS : PERIOD_MS;
		watched[1].revents = 0;
		int n = poll(watched, was_woken ? 1 : 2, wait_ms);
		if (n < 0 && errno != EINTR)
			fail(STATUS_FAILED, "poll(2): %s", strerror(errno));
		if (n > 0 && watched[0].revents && has_ended(stop_fd))
			return;
		was_woken = n > 0 && watched[1].revents;
		ring_buffer__consume(ring);
		waited_ms += wait_ms;
		if (waited_ms >= FLUSH_MS) {
			output_flush();
			waited_ms = 0;
		}
	}
}

struct counts_body drain_rest(const struct tracer *tracer)
{
	struct counts_body counts = { 0 };
	/* A program that had begun before the flag was set may still be writing: the sums tell. */
	for (int i = 0; i < SETTLE_TRIES; i++) {
		counts = tracer_counts(tracer);
		ring_buffer__consume(ring);
		counts.received = received;
		if (counts.enters + counts.exits + counts.forks + counts.execs + counts.ends == received + counts.dropped)
			return counts;
		nanosleep(&(struct timespec){ .tv_nsec = SETTLE_NS }, NULL);
	}
	return counts;
}
