/*
 * tlab-launch: starts the daemon's small programs in the daemon's stead. fork(2) of a large process copies its page tables, and Node waits until the
 * child has executed: a hundred megabytes cost its event loop tens of milliseconds on a busy machine. This process has next to nothing to copy.
 *
 * It listens at a unix socket until its standard input ends, which is when the daemon has gone. A connection is one program: first its arguments
 * (four bytes of length, little endian, then each with a NUL), then its standard input until the client ends its half. The answer is frames of a
 * letter, four bytes of length and the bytes: `1` and `2` what it wrote to either output, at last `E` with its status in a byte, 128 and the signal
 * for a violent death. A client that goes away ends the program. Only programs that lie beside this one are started.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

enum { most_arguments = 256, most_bytes = 128 * 1024, chunk_size = 64 * 1024 };

_Noreturn static void fail(const char *what)
{
	fprintf(stderr, "tlab-launch: %s: %s\n", what, strerror(errno));
	exit(1);
}

/* Not a byte more: what follows is the program's. */
static bool read_exactly(int fd, void *to, size_t length)
{
	for (size_t have = 0; have < length;) {
		ssize_t n = read(fd, (char *)to + have, length - have);
		if (n <= 0 && !(n < 0 && errno == EINTR))
			return false;
		have += n > 0 ? (size_t)n : 0;
	}
	return true;
}

static bool write_all(int fd, const void *from, size_t length)
{
	for (size_t done = 0; done < length;) {
		ssize_t n = send(fd, (const char *)from + done, length - done, MSG_NOSIGNAL);
		if (n < 0 && errno != EINTR)
			return false;
		done += n > 0 ? (size_t)n : 0;
	}
	return true;
}

static uint32_t little(const uint8_t bytes[4])
{
	return bytes[0] | (uint32_t)bytes[1] << 8 | (uint32_t)bytes[2] << 16 | (uint32_t)bytes[3] << 24;
}

/* `frame` has five bytes in front of the content. */
static bool put_frame(int socket, char kind, uint8_t *frame, size_t length)
{
	frame[0] = (uint8_t)kind;
	for (int i = 0; i < 4; i++)
		frame[1 + i] = (uint8_t)(length >> (8 * i));
	return write_all(socket, frame, 5 + length);
}

struct program {
	char bytes[most_bytes + 1];
	char *arguments[most_arguments + 1];
};

static bool read_program(int socket, struct program *program)
{
	uint8_t head[4];
	if (!read_exactly(socket, head, sizeof head) || little(head) == 0 || little(head) > most_bytes)
		return false;
	size_t length = little(head), count = 0;
	if (!read_exactly(socket, program->bytes, length) || program->bytes[length - 1] != '\0')
		return false;
	for (char *at = program->bytes; at < program->bytes + length; at += strlen(at) + 1) {
		if (count == most_arguments)
			return false;
		program->arguments[count++] = at;
	}
	return strncmp(program->arguments[0], "tlab-", 5) == 0 && !strchr(program->arguments[0], '/');
}

_Noreturn static void execute(const char *folder, struct program *program, const int ends[3])
{
	char path[4096];
	for (int i = 0; i < 3; i++)
		if (dup2(ends[i], i) < 0)
			_exit(127);
	signal(SIGPIPE, SIG_DFL);
	signal(SIGCHLD, SIG_DFL);
	snprintf(path, sizeof path, "%s/%s", folder, program->arguments[0]);
	execv(path, program->arguments);
	dprintf(2, "executing %s: %s", path, strerror(errno));
	_exit(127);
}

/* Whole outputs to the client; false when it has gone. */
static bool pump(int socket, int outputs[2])
{
	static uint8_t frame[5 + chunk_size];
	while (outputs[0] >= 0 || outputs[1] >= 0) {
		/* Of the socket only its end is looked at (POLLHUP); its bytes are the program's. */
		struct pollfd polled[3] = { { outputs[0], POLLIN, 0 }, { outputs[1], POLLIN, 0 }, { socket, 0, 0 } };
		if (poll(polled, 3, -1) < 0 && errno != EINTR)
			return false;
		if (polled[2].revents & (POLLHUP | POLLERR))
			return false;
		for (int i = 0; i < 2; i++) {
			if (!polled[i].revents)
				continue;
			ssize_t n = read(outputs[i], frame + 5, chunk_size);
			if (n > 0 && !put_frame(socket, (char)('1' + i), frame, (size_t)n))
				return false;
			if (n <= 0)
				outputs[i] = (close(outputs[i]), -1);
		}
	}
	return true;
}

_Noreturn static void serve(int socket, const char *folder)
{
	static struct program program;
	int out[2], err[2];
	signal(SIGCHLD, SIG_DFL);
	if (!read_program(socket, &program) || pipe2(out, O_CLOEXEC) < 0 || pipe2(err, O_CLOEXEC) < 0)
		_exit(1);
	pid_t child = fork();
	if (child == 0)
		execute(folder, &program, (int[3]){ socket, out[1], err[1] });
	if (child < 0)
		_exit(1);
	close(out[1]);
	close(err[1]);
	if (!pump(socket, (int[2]){ out[0], err[0] }))
		kill(child, SIGKILL);
	int status = 0;
	uint8_t frame[6], rest[4096];
	while (waitpid(child, &status, 0) < 0 && errno == EINTR)
		;
	frame[5] = (uint8_t)(WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status));
	put_frame(socket, 'E', frame, 1);
	/* What the program did not read: closing now would break off what the client has yet to read. */
	while (read(socket, rest, sizeof rest) > 0)
		;
	_exit(0);
}

static int listen_at(const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (strlen(path) >= sizeof address.sun_path)
		errno = ENAMETOOLONG, fail(path);
	strcpy(address.sun_path, path);
	unlink(path);
	mode_t before = umask(077);
	if (fd < 0 || bind(fd, (struct sockaddr *)&address, sizeof address) < 0 || listen(fd, 512) < 0)
		fail(path);
	umask(before);
	return fd;
}

/* Where this program lies. */
static const char *own_folder(void)
{
	static char path[4096];
	ssize_t length = readlink("/proc/self/exe", path, sizeof path - 1);
	if (length < 0)
		fail("/proc/self/exe");
	path[length] = '\0';
	*strrchr(path, '/') = '\0';
	return path;
}

int main(int argc, char **argv)
{
	if (argc != 2) {
		fprintf(stderr, "usage: tlab-launch SOCKET; it listens there until its standard input ends\n");
		return 1;
	}
	const char *folder = own_folder();
	/* Nobody waits for those that serve a connection. */
	signal(SIGCHLD, SIG_IGN);
	signal(SIGPIPE, SIG_IGN);
	signal(SIGINT, SIG_IGN);
	int listener = listen_at(argv[1]);
	if (write(1, "ready\n", 6) < 0)
		fail("stdout");
	for (;;) {
		struct pollfd polled[2] = { { 0, POLLIN, 0 }, { listener, POLLIN, 0 } };
		char byte;
		if (poll(polled, 2, -1) < 0)
			continue;
		if (polled[0].revents && read(0, &byte, 1) <= 0)
			break;
		int socket = polled[1].revents ? accept4(listener, NULL, NULL, SOCK_CLOEXEC) : -1;
		if (socket < 0)
			continue;
		pid_t child = fork();
		if (child == 0) {
			close(listener);
			serve(socket, folder);
		}
		close(socket);
	}
	unlink(argv[1]);
	return 0;
}
