/*
 * The shim's door: bytes of a ttrpc connection, through frames, envelopes and the decoding of every request, to the real verbs. In an
 * empty root without rights nothing is mounted and no runtime starts, so the verbs end in their refusals. The first byte says whether
 * a container runs already, with an exec that has been added.
 */
#include "../shim/service.c"

#include <signal.h>

#include "../shim/runtime.h"
#include "confine.h"

enum { HAS_CONTAINER = 1, BYTE_BY_BYTE = 2 };

struct shim shim = { .namespace = "fuzz", .id = "web", .group = "web", .address = "/none", .socket = "/none", .run_root = "/run", .sockets = "/run" };

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	signal(SIGPIPE, SIG_IGN);
	confine();
	return 0;
}

/* A connection with both of its ends here; theirs is returned. */
static int connect_here(struct connection **connection)
{
	int ends[2];
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends) < 0)
		abort();
	*connection = calloc(1, sizeof **connection);
	(*connection)->channel.on_frame = on_frame;
	(*connection)->channel.on_close = on_close;
	if (!channel_open(&(*connection)->channel, ends[0]))
		abort();
	service.connections++;
	return ends[1];
}

/* Gives the shim what has been written, until it has taken all of it or hung up. */
static void take_all(struct source *source)
{
	for (int turn = 0; turn < 64 && service.connections > 0; turn++) {
		struct pollfd polled = { .fd = source->fd, .events = POLLIN };
		if (poll(&polled, 1, 0) <= 0)
			return;
		source->ready(source, polled.revents);
	}
}

static void talk(const uint8_t *data, size_t size, size_t step)
{
	struct connection *connection;
	char answers[4096];
	int end = connect_here(&connection);
	for (size_t at = 0; at < size && service.connections > 0; at += step) {
		size_t part = size - at < step ? size - at : step;
		if (write(end, data + at, part) < 0)
			break;
		take_all(&connection->channel.source);
		while (read(end, answers, sizeof answers) > 0)
			continue;
	}
	close(end);
	if (service.connections > 0)
		take_all(&connection->channel.source);
	if (service.connections > 0)
		abort(); /* a peer that has gone is let go */
}

static const uint8_t first_request[] = { 10, 3, 'w', 'e', 'b', 18, 4, '/', 'b', 'u', 'n' };

/* As after Create and Start of `web`. */
static void add_container(void)
{
	struct container *container = calloc(1, sizeof *container);
	container->id = bytes_string((struct bytes){ first_request + 2, 3 });
	container->bundle = bytes_string((struct bytes){ first_request + 7, 4 });
	container->init.container = container;
	container->init.exec_id = strdup("");
	container->init.status = STATUS_RUNNING;
	container->init.pid = 1;
	stdio_init(&container->init.stdio);
	if (!runtime_defaults(&container->runtime))
		abort();
	container->next = shim.containers;
	shim.containers = container;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct trace none = { .fd = -1 };
	if (size == 0)
		return -1;
	if (data[0] & HAS_CONTAINER)
		add_container();
	talk(data + 1, size - 1, data[0] & BYTE_BY_BYTE ? 1 : 32768);
	while (shim.containers)
		container_forget(shim.containers, &none);
	while (service.all) /* a Delete whose output still drains */
		request_free(service.all);
	return 0;
}
