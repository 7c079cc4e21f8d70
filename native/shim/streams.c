#include "streams.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "console.h"
#include "log-file.h"

static const char *const names[3] = { "stdin", "stdout", "stderr" };

void stdio_init(struct stdio *stdio)
{
	*stdio = (struct stdio){ .console = -1 };
	stdio->console_listener = -1;
	for (int i = 0; i < 3; i++) {
		stdio->child[i] = -1;
		stream_init(&stdio->streams[i], i > 0);
	}
}

static bool is_null(const char *path)
{
	return !path || !path[0];
}

/*
 * Opens our end of a client's FIFO into *end and its other end into stream->keep. Read-write first: such an open never
 * blocks, and the single-ended opens after it find their peer.
 */
static bool open_fifo(struct stream *stream, const char *path, bool reading, int *end)
{
	struct stat stat;
	int both = open(path, O_RDWR | O_NONBLOCK | O_CLOEXEC | O_NOFOLLOW);
	if (both < 0)
		return false;
	if (fstat(both, &stat) < 0 || !S_ISFIFO(stat.st_mode)) {
		close(both);
		errno = ENOTSUP;
		return false;
	}
	int reader = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOFOLLOW);
	int writer = open(path, O_WRONLY | O_NONBLOCK | O_CLOEXEC | O_NOFOLLOW);
	close(both);
	if (reader < 0 || writer < 0) {
		int error = errno;
		if (reader >= 0)
			close(reader);
		if (writer >= 0)
			close(writer);
		errno = error;
		return false;
	}
	*end = reading ? reader : writer;
	stream->keep = reading ? writer : reader;
	return true;
}

/* The client's end of a stream. */
static bool open_client_end(struct stdio *stdio, int which, int *end)
{
	struct stream *stream = &stdio->streams[which];
	if (!is_log_file(stdio->paths[which]))
		return open_fifo(stream, stdio->paths[which], which == 0, end);
	stream->copies = true; /* splice(2) does not append */
	*end = log_file_open(stdio->paths[which]);
	return *end >= 0;
}

static bool open_pipe_stream(struct stdio *stdio, int which, const unsigned owner[2])
{
	int pipe[2], fifo;
	bool input = which == 0;
	struct stream *stream = &stdio->streams[which];
	if (!open_client_end(stdio, which, &fifo))
		return false;
	if (pipe2(pipe, O_CLOEXEC) < 0) {
		close(fifo);
		return false;
	}
	int ours = input ? pipe[1] : pipe[0];
	stdio->child[which] = input ? pipe[0] : pipe[1];
	if (owner[0] || owner[1])
		if (fchown(stdio->child[which], owner[0], owner[1]) < 0)
			errno = 0; /* as real shims do: the program may then not reopen /dev/stdout, but runs */
	fcntl(ours, F_SETFL, O_NONBLOCK);
	return stream_begin(stream, input ? fifo : ours, input ? ours : fifo);
}

/*
 * crun 1.8 gives its standard streams to the container's root, /dev/null too: on the host that would belong to a mapped id from then
 * on (seen). So a mapped container gets a node of its own, which has no name any more.
 */
static int own_null(void)
{
	char path[64];
	snprintf(path, sizeof path, "/dev/.tlab-null-%d", getpid());
	unlink(path); /* of a shim that died in between, with this pid */
	if (mknod(path, S_IFCHR | 0600, makedev(1, 3)) < 0)
		return open("/dev/null", O_RDWR | O_CLOEXEC);
	int fd = open(path, O_RDWR | O_CLOEXEC | O_NOFOLLOW);
	if (fd >= 0)
		fchmod(fd, 0666);
	unlink(path);
	return fd;
}

static bool open_one(struct stdio *stdio, int which, const unsigned owner[2])
{
	if (!is_null(stdio->paths[which]) && !stdio->terminal)
		return open_pipe_stream(stdio, which, owner);
	stdio->child[which] = owner[0] || owner[1] ? own_null() : open("/dev/null", O_RDWR | O_CLOEXEC);
	return stdio->child[which] >= 0;
}

bool stdio_open(struct stdio *stdio, const char *sockets, const unsigned owner[2], char error[256])
{
	for (int i = 0; i < 3; i++) {
		errno = 0;
		bool is_path = is_null(stdio->paths[i]) || stdio->paths[i][0] == '/' || (i > 0 && is_log_file(stdio->paths[i]));
		if (is_path && open_one(stdio, i, owner))
			continue;
		snprintf(error, 256, "%s \"%.150s\": %s", names[i], stdio->paths[i] ? stdio->paths[i] : "",
		         !is_path || errno == ENOTSUP ? "expected the path of a FIFO (for output also file:///…), other kinds of logging are not supported" : strerror(errno));
		stdio_release(stdio);
		return false;
	}
	if (stdio->terminal && !console_listen(stdio, sockets)) {
		snprintf(error, 256, "console socket in %.100s: %s", sockets, strerror(errno));
		stdio_release(stdio);
		return false;
	}
	return true;
}

void stdio_handed_over(struct stdio *stdio)
{
	for (int i = 0; i < 3; i++) {
		if (stdio->child[i] >= 0)
			close(stdio->child[i]);
		stdio->child[i] = -1;
	}
}

static bool begin_console_stream(struct stdio *stdio, int which)
{
	int fifo;
	struct stream *stream = &stdio->streams[which];
	if (is_null(stdio->paths[which]))
		return true;
	if (!open_client_end(stdio, which, &fifo))
		return false;
	int master = fcntl(stdio->console, F_DUPFD_CLOEXEC, 3);
	stream->copies = true;
	return stream_begin(stream, which == 0 ? fifo : master, which == 0 ? master : fifo);
}

bool stdio_console_arrived(struct stdio *stdio)
{
	if (!stdio->terminal)
		return true;
	bool arrived = console_receive(stdio);
	console_unlisten(stdio);
	return arrived && begin_console_stream(stdio, 0) && begin_console_stream(stdio, 1);
}

bool stdio_resize(const struct stdio *stdio, unsigned short width, unsigned short height)
{
	struct winsize size = { .ws_col = width, .ws_row = height };
	return ioctl(stdio->console, TIOCSWINSZ, &size) == 0;
}

void stdio_close_stdin(struct stdio *stdio)
{
	struct stream *stream = &stdio->streams[0];
	if (stream->keep >= 0)
		close(stream->keep); /* the end of file comes once the client has closed its end too */
	stream->keep = -1;
}

bool stdio_drained(struct stdio *stdio)
{
	for (int i = 1; i < 3; i++) {
		struct stream *stream = &stdio->streams[i];
		if (stream->from.fd < 0)
			continue;
		stream_pump(stream);
		if (stream->from.fd >= 0 && (stream->to.events & POLLOUT))
			return false;
	}
	return true;
}

void stdio_release(struct stdio *stdio)
{
	stdio_handed_over(stdio);
	console_unlisten(stdio);
	for (int i = 0; i < 3; i++) {
		stream_close(&stdio->streams[i]);
		if (stdio->streams[i].keep >= 0)
			close(stdio->streams[i].keep);
		stdio->streams[i].keep = -1;
	}
	if (stdio->console >= 0)
		close(stdio->console);
	stdio->console = -1;
}
