#include "ask.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include "ttrpc.h"

enum { ANSWER_S = 5 };

int ask_open(const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	const struct timeval patience = { .tv_sec = ANSWER_S };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0 || strlen(path) >= sizeof address.sun_path)
		return fd;
	memcpy(address.sun_path, path, strlen(path) + 1);
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
	if (connect(fd, (const struct sockaddr *)&address, sizeof address) == 0)
		return fd;
	close(fd);
	return -1;
}

struct writer ask_id(const char *id)
{
	struct writer writer = { 0 };
	put_string(&writer, 1, id);
	return writer;
}

/* Takes a whole answer off the socket, and throws it away. */
static bool take_answer(int fd)
{
	uint8_t header[FRAME_HEADER], dropped[256];
	if (recv(fd, header, sizeof header, MSG_WAITALL) != (ssize_t)sizeof header)
		return false;
	size_t left = (size_t)header[0] << 24 | (size_t)header[1] << 16 | (size_t)header[2] << 8 | header[3];
	while (left > 0) {
		ssize_t n = recv(fd, dropped, left < sizeof dropped ? left : sizeof dropped, 0);
		if (n <= 0)
			return false;
		left -= (size_t)n;
	}
	return true;
}

bool ask(int fd, const char *method, const struct writer *payload)
{
	struct writer request = { 0 }, frame = { 0 };
	put_string(&request, 1, "containerd.task.v2.Task");
	put_string(&request, 2, method);
	put_message(&request, 3, payload);
	frame_put(&frame, &(struct frame){ .stream = 1, .type = FRAME_REQUEST, .message = writer_bytes(&request) });
	bool sent = !request.failed && !frame.failed && send(fd, frame.at, frame.length, MSG_NOSIGNAL) == (ssize_t)frame.length;
	writer_free(&request);
	writer_free(&frame);
	return sent && take_answer(fd);
}
