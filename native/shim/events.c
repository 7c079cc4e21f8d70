/*
 * Events, forwarded to containerd's ttrpc door in order: the next one is sent when the one before has been answered.
 * containerd may be away (killed, upgraded): events then wait in a queue, and the door is tried again ever less often.
 * Rule: what is dropped when the queue is full, event-queue.c says, and the trace names each.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "event-queue.h"
#include "hold.h"
#include "shim.h"
#include "tracing.h"

enum { BACKOFF_FIRST_MS = 50, BACKOFF_LAST_MS = 5000, ANSWER_MS = 5000 };

static struct {
	struct channel channel;
	bool connected;
	uint32_t stream;
	struct event_queue queue;
	uint64_t backoff_ms;
	struct timer timer;
} events;

static void send_first(void);

static void retry(struct timer *timer)
{
	(void)timer;
	send_first();
}

static void retry_later(void)
{
	events.queue.is_sent = false;
	events.backoff_ms = events.backoff_ms ? events.backoff_ms * 2 : BACKOFF_FIRST_MS;
	if (events.backoff_ms > BACKOFF_LAST_MS)
		events.backoff_ms = BACKOFF_LAST_MS;
	if (events.queue.first)
		timer_set(&events.timer, events.backoff_ms, retry);
}

static void on_close(struct channel *channel)
{
	(void)channel;
	events.connected = false;
	if (events.queue.first)
		retry_later();
}

static int status_code(struct bytes response)
{
	struct reader reader, status;
	int code = CODE_OK;
	proto_read(&reader, response);
	while (proto_next(&reader)) {
		if (!proto_is_bytes(&reader, 1))
			continue;
		proto_read(&status, reader.value);
		while (proto_next(&status))
			if (proto_is_number(&status, 1))
				code = (int)status.number;
	}
	return code;
}

static bool on_frame(struct channel *channel, const struct frame *frame)
{
	(void)channel;
	if (frame->type != FRAME_RESPONSE || frame->stream != events.stream || !events.queue.is_sent)
		return false;
	/* A refused event is not sent again: it would be refused again. */
	trace_published(events.queue.first->traceparent, events.queue.first->topic, status_code(frame->message));
	events.backoff_ms = 0;
	timer_stop(&events.timer);
	event_queue_drop_first(&events.queue);
	if (events.queue.first)
		send_first();
	else
		server_events_sent();
	return true;
}

static void give_up(struct timer *timer)
{
	(void)timer;
	channel_close(&events.channel); /* no answer in time: on_close tries again */
}

static bool connect_door(void)
{
	const char *door = getenv("TTRPC_ADDRESS");
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int length = door && door[0] ? snprintf(address.sun_path, sizeof address.sun_path, "%s", door)
	                             : snprintf(address.sun_path, sizeof address.sun_path, "%s.ttrpc", shim.address);
	if (length < 0 || (size_t)length >= sizeof address.sun_path)
		return false;
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return false;
	if (connect(fd, (struct sockaddr *)&address, sizeof address) < 0) {
		close(fd);
		return false;
	}
	events.channel = (struct channel){ .on_frame = on_frame, .on_close = on_close };
	events.connected = channel_open(&events.channel, fd);
	events.stream = UINT32_MAX; /* the first stream id is 1: clients use odd ones */
	return events.connected;
}

static void send_first(void)
{
	if (events.queue.is_sent || !events.queue.first)
		return;
	const struct step step = { .verb = "publish", .name = "publish", .about = events.queue.first->topic };
	if (!hold_step(&step) || (!events.connected && !connect_door())) {
		retry_later();
		return;
	}
	events.stream += 2;
	events.queue.is_sent = true;
	timer_set(&events.timer, ANSWER_MS, give_up);
	channel_send(&events.channel, events.stream, FRAME_REQUEST, &events.queue.first->request);
}

static void put_metadata(struct writer *request, const char *key, const char *value)
{
	struct writer pair = { 0 };
	put_string(&pair, 1, key);
	put_string(&pair, 2, value);
	put_message(request, 5, &pair);
	writer_free(&pair);
}

static void put_forward(struct event *event, const char *type, const struct writer *message)
{
	struct writer envelope = { 0 }, forward = { 0 };
	struct timespec now;
	clock_gettime(CLOCK_REALTIME, &now);
	put_time(&envelope, 1, now.tv_sec, (int32_t)now.tv_nsec);
	put_string(&envelope, 2, shim.namespace);
	put_string(&envelope, 3, event->topic);
	put_any(&envelope, 4, type, message);
	put_message(&forward, 1, &envelope);
	put_string(&event->request, 1, "containerd.services.events.ttrpc.v1.Events");
	put_string(&event->request, 2, "Forward");
	put_message(&event->request, 3, &forward);
	put_metadata(&event->request, "containerd-namespace-ttrpc", shim.namespace);
	if (event->traceparent[0])
		put_metadata(&event->request, "traceparent", event->traceparent);
	writer_free(&envelope);
	writer_free(&forward);
}

static void dropped(const struct event *event)
{
	trace_dropped(event->traceparent, event->topic, event->container);
}

void publish(const struct news *news, const struct writer *message)
{
	struct event *event = calloc(1, sizeof *event);
	if (!event)
		return;
	snprintf(event->topic, sizeof event->topic, "%s", news->topic);
	snprintf(event->traceparent, sizeof event->traceparent, "%s", news->traceparent);
	event->container = strdup(news->container);
	event->of_exec = news->of_exec;
	put_forward(event, news->type, message);
	if (event->request.failed || !event->container) {
		event_free(event);
		return;
	}
	event_queue_put(&events.queue, event, dropped);
	if (events.backoff_ms == 0)
		send_first();
}

bool events_pending(void)
{
	return events.queue.first != NULL;
}
