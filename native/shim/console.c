#include "console.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

bool console_listen(struct stdio *stdio, const char *sockets)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	unsigned long long name = 0;
	if (getrandom(&name, sizeof name, 0) < 0)
		return false;
	int length = snprintf(address.sun_path, sizeof address.sun_path, "%s/%016llx.pty", sockets, name);
	if (length < 0 || (size_t)length >= sizeof address.sun_path) {
		errno = ENAMETOOLONG;
		return false;
	}
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return false;
	if (bind(fd, (struct sockaddr *)&address, sizeof address) < 0 || chmod(address.sun_path, 0600) < 0 || listen(fd, 1) < 0) {
		close(fd);
		return false;
	}
	stdio->console_listener = fd;
	memcpy(stdio->console_path, address.sun_path, sizeof stdio->console_path);
	return true;
}

static int receive_descriptor(int connection)
{
	char name[4096];
	_Alignas(struct cmsghdr) char control[CMSG_SPACE(sizeof(int))];
	struct iovec part = { name, sizeof name };
	struct msghdr message = { .msg_iov = &part, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof control };
	struct pollfd polled = { .fd = connection, .events = POLLIN };
	/* The runtime is done, so the message is there already; the bound is for one that connected and sent nothing. */
	if (poll(&polled, 1, 1000) <= 0 || recvmsg(connection, &message, MSG_CMSG_CLOEXEC | MSG_DONTWAIT) < 0)
		return -1;
	const struct cmsghdr *header = CMSG_FIRSTHDR(&message);
	if (!header || header->cmsg_level != SOL_SOCKET || header->cmsg_type != SCM_RIGHTS || header->cmsg_len != CMSG_LEN(sizeof(int)))
		return -1;
	int fd;
	memcpy(&fd, CMSG_DATA(header), sizeof fd);
	return fd;
}

bool console_receive(struct stdio *stdio)
{
	int connection = accept4(stdio->console_listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	if (connection < 0)
		return false;
	stdio->console = receive_descriptor(connection);
	close(connection);
	if (stdio->console < 0)
		return false;
	fcntl(stdio->console, F_SETFL, O_RDWR | O_NONBLOCK);
	return isatty(stdio->console);
}

void console_unlisten(struct stdio *stdio)
{
	if (stdio->console_listener < 0)
		return;
	close(stdio->console_listener);
	unlink(stdio->console_path);
	stdio->console_listener = -1;
}
