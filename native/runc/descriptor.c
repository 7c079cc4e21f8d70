#include "descriptor.h"

#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

int unix_connect(const char *path, const char *what, unsigned deadline_s, struct failure *failure)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	struct timeval deadline = { .tv_sec = (time_t)deadline_s };
	if (strlen(path) >= sizeof address.sun_path)
		return fail_plain(failure, "connecting to %s \"%s\": its path is too long", what, path);
	strcpy(address.sun_path, path);
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd >= 0 && setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &deadline, sizeof deadline) == 0 &&
	    connect(fd, (struct sockaddr *)&address, sizeof address) == 0)
		return fd;
	fail_call(failure, "connect(2)", "connecting to %s \"%s\"", what, path);
	if (fd >= 0)
		close(fd);
	return -1;
}

static ssize_t send_first(int socket, int descriptor, const char *text, size_t length)
{
	union {
		char space[CMSG_SPACE(sizeof(int))];
		struct cmsghdr align;
	} control;
	struct iovec part = { (void *)(uintptr_t)text, length };
	struct msghdr message = { .msg_iov = &part, .msg_iovlen = 1, .msg_control = control.space };
	memset(&control, 0, sizeof control);
	message.msg_controllen = sizeof control.space;
	struct cmsghdr *header = CMSG_FIRSTHDR(&message);
	header->cmsg_level = SOL_SOCKET;
	header->cmsg_type = SCM_RIGHTS;
	header->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(header), &descriptor, sizeof(int));
	return sendmsg(socket, &message, MSG_NOSIGNAL);
}

int send_descriptor(int socket, int descriptor, const char *text, size_t length)
{
	ssize_t sent = send_first(socket, descriptor, text, length);
	if (sent < 0)
		return -1;
	for (size_t at = (size_t)sent; at < length; at += (size_t)sent) {
		sent = send(socket, text + at, length - at, MSG_NOSIGNAL);
		if (sent < 0)
			return -1;
	}
	return 0;
}
