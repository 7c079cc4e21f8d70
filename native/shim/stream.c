#include "stream.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <unistd.h>

enum { CHUNK = 4096, TURNS = 16 };

static void close_source(struct source *source)
{
	int fd = source->fd;
	loop_remove(source);
	if (fd >= 0)
		close(fd);
}

/* Whether somebody besides us reads the FIFO; our own reading end is closed and opened again to find out. */
static bool has_reader(struct stream *stream)
{
	char path[32];
	struct pollfd writer = { .fd = stream->to.fd, .events = POLLOUT };
	snprintf(path, sizeof path, "/proc/self/fd/%d", stream->to.fd);
	close(stream->keep);
	bool found = poll(&writer, 1, 0) >= 0 && !(writer.revents & POLLERR);
	stream->keep = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	return found;
}

static void opened_ready(struct source *source, short revents)
{
	char events[1024];
	(void)revents;
	struct stream *stream = (struct stream *)(void *)((char *)source - offsetof(struct stream, opened));
	bool found = has_reader(stream);
	while (read(source->fd, events, sizeof events) > 0)
		continue; /* our own opening is among them */
	if (!found)
		return;
	close_source(&stream->opened);
	close_source(&stream->to);
}

/*
 * The output has ended while nobody reads it: containerd's client has been killed, or is late. The writing end stays until
 * somebody opens the FIFO, or an opening that blocks would wait for ever, and one that does not would never see the end.
 */
static bool await_reader(struct stream *stream)
{
	char path[32];
	if (stream->keep < 0 || has_reader(stream))
		return false;
	int events = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	snprintf(path, sizeof path, "/proc/self/fd/%d", stream->to.fd);
	if (events < 0)
		return false;
	if (inotify_add_watch(events, path, IN_OPEN) < 0 || !loop_add(&stream->opened, events, POLLIN, opened_ready)) {
		close(events);
		return false;
	}
	stream->to.events = 0;
	return true;
}

void stream_close(struct stream *stream)
{
	close_source(&stream->from);
	close_source(&stream->to);
	close_source(&stream->opened);
	free(stream->pending);
	stream->pending = NULL;
}

static void stream_end(struct stream *stream)
{
	close_source(&stream->from);
	if (stream->is_output && await_reader(stream))
		return;
	stream_close(stream);
}

static void await_input(struct stream *stream)
{
	stream->from.events = POLLIN;
	stream->to.events = 0;
}

static void await_room(struct stream *stream)
{
	stream->from.events = 0;
	stream->to.events = POLLOUT;
}

static bool has_room(int fd)
{
	struct pollfd polled = { .fd = fd, .events = POLLOUT };
	return poll(&polled, 1, 0) > 0;
}

/* Returns false when the stream must wait or has ended. */
static bool splice_once(struct stream *stream)
{
	ssize_t n = splice(stream->from.fd, NULL, stream->to.fd, NULL, 1 << 16, SPLICE_F_NONBLOCK | SPLICE_F_MOVE);
	if (n > 0 || (n < 0 && errno == EINTR))
		return true;
	if (n < 0 && errno == EAGAIN) {
		if (has_room(stream->to.fd))
			await_input(stream);
		else
			await_room(stream);
		return false;
	}
	stream_end(stream);
	return false;
}

static bool write_pending(struct stream *stream)
{
	while (stream->pending_length > 0) {
		ssize_t n = write(stream->to.fd, stream->pending, (size_t)stream->pending_length);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno == EAGAIN) {
			await_room(stream);
			return false;
		}
		if (n < 0) {
			stream_end(stream);
			return false;
		}
		stream->pending_length -= (int)n;
		memmove(stream->pending, stream->pending + n, (size_t)stream->pending_length);
	}
	free(stream->pending);
	stream->pending = NULL;
	return true;
}

static bool copy_once(struct stream *stream)
{
	if (!write_pending(stream))
		return false;
	char chunk[CHUNK];
	ssize_t n = read(stream->from.fd, chunk, sizeof chunk);
	if (n < 0 && (errno == EAGAIN || errno == EINTR)) {
		await_input(stream);
		return false;
	}
	stream->pending = n > 0 ? malloc((size_t)n) : NULL;
	if (!stream->pending) { /* end of file; EIO is how a terminal says that its last user has gone */
		stream_end(stream);
		return false;
	}
	memcpy(stream->pending, chunk, (size_t)n);
	stream->pending_length = (int)n;
	return write_pending(stream);
}

void stream_pump(struct stream *stream)
{
	for (int turn = 0; turn < TURNS; turn++)
		if (!(stream->copies ? copy_once(stream) : splice_once(stream)))
			return;
}

static void from_ready(struct source *source, short revents)
{
	(void)revents;
	stream_pump((struct stream *)(void *)((char *)source - offsetof(struct stream, from)));
}

static void to_ready(struct source *source, short revents)
{
	(void)revents;
	struct stream *stream = (struct stream *)(void *)((char *)source - offsetof(struct stream, to));
	await_input(stream);
	stream_pump(stream);
}

bool stream_begin(struct stream *stream, int from, int to)
{
	if (!loop_add(&stream->from, from, POLLIN, from_ready)) {
		close(from);
		close(to);
		return false;
	}
	if (!loop_add(&stream->to, to, 0, to_ready)) {
		close(to);
		close_source(&stream->from);
		return false;
	}
	return true;
}

void stream_init(struct stream *stream, bool is_output)
{
	*stream = (struct stream){ .is_output = is_output, .keep = -1 };
	stream->from.fd = stream->to.fd = stream->opened.fd = -1;
}
