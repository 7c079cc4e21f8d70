/*
 * The task service: connections, the method table, and the life of a request from its frame to its one answer.
 * Rule: every handled request is answered exactly once, by answer() or refuse(), which free it.
 */
#include <errno.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "../common/utf8.h"
#include "shim.h"
#include "tracing.h"

enum { CONNECTIONS_MAX = 4096, REQUESTS_MAX = 16384, OUTPUT_MAX = 8 << 20, ACCEPT_AGAIN_MS = 100 };

struct connection {
	struct channel channel; /* first: on_frame's channel is the connection */
};

static const struct verb verbs[] = {
	{ "State", verb_state },       { "Create", verb_create },         { "Start", verb_start },      { "Delete", verb_delete },
	{ "Pids", verb_pids },         { "Pause", verb_pause },           { "Resume", verb_resume },    { "Checkpoint", verb_checkpoint },
	{ "Kill", verb_kill },         { "Exec", verb_exec },             { "ResizePty", verb_resize_pty }, { "CloseIO", verb_close_io },
	{ "Update", verb_update },     { "Wait", verb_wait },             { "Stats", verb_stats },      { "Connect", verb_connect },
	{ "Shutdown", verb_shutdown },
};

static struct {
	struct source listener;
	struct timer again; /* the listener is looked at then */
	int connections;
	int requests;
	struct request *all;
} service;

static void send_response(struct channel *channel, uint32_t stream, const struct writer *response)
{
	channel_send(channel, stream, FRAME_RESPONSE, response);
	if (channel->source.fd >= 0 && channel->output.length > OUTPUT_MAX)
		shutdown(channel->source.fd, SHUT_RDWR); /* a peer that asks and does not read */
}

static void send_status(struct channel *channel, uint32_t stream, enum code code, const char *message)
{
	struct writer response = { 0 }, status = { 0 };
	put_number(&status, 1, code);
	put_string(&status, 2, message);
	put_message(&response, 1, &status);
	send_response(channel, stream, &response);
	writer_free(&status);
	writer_free(&response);
}

static void request_free(struct request *request)
{
	struct request **link = &service.all;
	while (*link != request)
		link = &(*link)->all_next;
	*link = request->all_next;
	service.requests--;
	trace_close(&request->trace);
	free((void *)(uintptr_t)request->payload.at);
	free(request);
}

void answer(struct request *request, const struct writer *message)
{
	trace_response_sent(request, CODE_OK, NULL);
	if (request->from) {
		struct writer response = { 0 };
		if (message && message->failed)
			response.failed = true;
		if (message)
			put_bytes(&response, 2, writer_bytes(message));
		if (response.failed)
			send_status(&request->from->channel, request->stream, CODE_RESOURCE_EXHAUSTED, "no memory");
		else
			send_response(&request->from->channel, request->stream, &response);
		writer_free(&response);
	}
	request_free(request);
}

void refuse(struct request *request, enum code code, const char *format, ...)
{
	char message[4096];
	va_list arguments;
	va_start(arguments, format);
	vsnprintf(message, sizeof message, format, arguments);
	va_end(arguments);
	utf8_mend(message); /* a peer may refuse the whole answer for it */
	trace_response_sent(request, code, message);
	if (request->from)
		send_status(&request->from->channel, request->stream, code, message);
	request_free(request);
}

void append_request(struct request **list, struct request *request)
{
	while (*list)
		list = &(*list)->next;
	request->next = NULL;
	*list = request;
}

void dispatch(struct request *request)
{
	request->verb->handle(request);
}

struct envelope {
	struct bytes service;
	struct bytes method;
	struct bytes payload;
	struct bytes traceparent;
};

static bool decode_metadata(struct bytes message, struct envelope *envelope)
{
	struct reader reader;
	struct bytes key = { 0 }, value = { 0 };
	proto_read(&reader, message);
	while (proto_next(&reader)) {
		if (proto_is_bytes(&reader, 1))
			key = reader.value;
		else if (proto_is_bytes(&reader, 2))
			value = reader.value;
	}
	if (bytes_equal(key, "traceparent"))
		envelope->traceparent = value;
	return !reader.bad;
}

static bool decode_envelope(struct bytes message, struct envelope *envelope)
{
	struct reader reader;
	bool good = true;
	proto_read(&reader, message);
	while (good && proto_next(&reader)) {
		if (proto_is_bytes(&reader, 1))
			envelope->service = reader.value;
		else if (proto_is_bytes(&reader, 2))
			envelope->method = reader.value;
		else if (proto_is_bytes(&reader, 3))
			envelope->payload = reader.value;
		else if (proto_is_bytes(&reader, 5))
			good = decode_metadata(reader.value, envelope);
	}
	return good && !reader.bad;
}

static const struct verb *find_verb(const struct envelope *envelope)
{
	if (!bytes_equal(envelope->service, "containerd.task.v2.Task"))
		return NULL;
	for (size_t i = 0; i < sizeof verbs / sizeof *verbs; i++)
		if (bytes_equal(envelope->method, verbs[i].name))
			return &verbs[i];
	return NULL;
}

static struct request *request_new(struct connection *from, const struct frame *frame, const struct envelope *envelope)
{
	struct request *request = service.requests < REQUESTS_MAX ? calloc(1, sizeof *request) : NULL;
	uint8_t *payload = request ? malloc(envelope->payload.length + 1) : NULL;
	if (!payload) {
		free(request);
		return NULL;
	}
	if (envelope->payload.length > 0)
		memcpy(payload, envelope->payload.at, envelope->payload.length);
	request->payload = (struct bytes){ payload, envelope->payload.length };
	request->from = from;
	request->stream = frame->stream;
	request->all_next = service.all;
	service.all = request;
	service.requests++;
	request->trace.fd = -1;
	if (envelope->traceparent.length == sizeof request->traceparent - 1) {
		memcpy(request->traceparent, envelope->traceparent.at, envelope->traceparent.length);
		if (!trace_open(&request->trace, "shim", request->traceparent))
			request->traceparent[0] = '\0';
	}
	return request;
}

static int shown(struct bytes name)
{
	return name.length < 100 ? (int)name.length : 100;
}

static bool on_frame(struct channel *channel, const struct frame *frame)
{
	struct envelope envelope = { 0 };
	if (frame->type != FRAME_REQUEST)
		return false;
	if (frame->oversized) {
		send_status(channel, frame->stream, CODE_RESOURCE_EXHAUSTED, "the message is over 4 MiB");
		return true;
	}
	if (!decode_envelope(frame->message, &envelope))
		return false;
	const struct verb *verb = find_verb(&envelope);
	if (!verb) {
		char message[256];
		snprintf(message, sizeof message, "no method %.*s of %.*s", shown(envelope.method), (const char *)envelope.method.at,
		         shown(envelope.service), (const char *)envelope.service.at);
		send_status(channel, frame->stream, CODE_UNIMPLEMENTED, message);
		return true;
	}
	struct request *request = request_new((struct connection *)channel, frame, &envelope);
	if (!request) {
		send_status(channel, frame->stream, CODE_RESOURCE_EXHAUSTED, "too many requests, or no memory");
		return true;
	}
	request->verb = verb;
	trace_request_received(request);
	dispatch(request);
	return true;
}

static void on_close(struct channel *channel)
{
	for (struct request *request = service.all; request; request = request->all_next)
		if (request->from == (struct connection *)channel)
			request->from = NULL;
	service.connections--;
	free(channel);
	service_watch_idle();
}

static void listen_again(struct timer *timer)
{
	(void)timer;
	service.listener.events = POLLIN;
}

/* Without a descriptor or memory for it the connection stays where it is, and poll(2) would tell of it without end: who is here goes first. */
static void accept_connection(struct source *source, short revents)
{
	(void)revents;
	int fd = accept4(source->fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	if (fd < 0) {
		if (errno == EMFILE || errno == ENFILE || errno == ENOMEM || errno == ENOBUFS) {
			source->events = 0;
			timer_set(&service.again, ACCEPT_AGAIN_MS, listen_again);
		}
		return;
	}
	struct connection *connection = service.connections < CONNECTIONS_MAX ? calloc(1, sizeof *connection) : NULL;
	if (!connection) {
		close(fd);
		return;
	}
	connection->channel.on_frame = on_frame;
	connection->channel.on_close = on_close;
	if (!channel_open(&connection->channel, fd)) {
		free(connection);
		return;
	}
	service.connections++;
	service_watch_idle();
}

bool service_listen(int fd)
{
	return loop_add(&service.listener, fd, POLLIN, accept_connection);
}

int service_connections(void)
{
	return service.connections;
}
