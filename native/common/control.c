#include "control.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "names.h"

static struct {
	bool open;
	int fd, next; /* next: a child's; -1 */
	int lowest;
	const char *stage;
	int pid; /* as the host sees it: the child of a clone may not know its own */
} control;

static void control_close(void)
{
	close(control.fd);
	control.open = false;
}

/* Who may fail root's commands at will must be root; somebody without privileges may hold his own. */
static bool is_trusted(int fd)
{
	struct ucred peer;
	socklen_t size = sizeof peer;
	return getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) == 0 && (peer.uid == 0 || peer.uid == geteuid());
}

/* Out of the way of descriptors that the caller has promised to a container. -1 for none. */
static int connect_to(const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	if (!path || path[0] != '/' || strlen(path) >= sizeof address.sun_path)
		return -1;
	memcpy(address.sun_path, path, strlen(path));
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -1;
	int moved = connect(fd, (struct sockaddr *)&address, sizeof address) == 0 && is_trusted(fd)
	                ? fcntl(fd, F_DUPFD_CLOEXEC, control.lowest)
	                : -1;
	close(fd);
	return moved;
}

void control_open(const char *stage, int lowest)
{
	control.lowest = lowest;
	control.fd = connect_to(getenv("TLAB_CONTROL"));
	control.open = control.fd >= 0;
	control.next = -1;
	control.stage = stage;
	control.pid = (int)getpid();
}

void control_before_clone(void)
{
	if (control.open)
		control.next = connect_to(getenv("TLAB_CONTROL"));
}

void control_after_clone(bool is_child)
{
	if (!control.open)
		return;
	int unused = is_child ? control.fd : control.next;
	if (is_child) {
		control.fd = control.next;
		control.open = control.fd >= 0;
	}
	if (unused >= 0)
		close(unused);
	control.next = -1;
}

int control_descriptor(void)
{
	return control.open ? control.fd : -1;
}

/* The length of the line; 0 when it does not fit. Nothing in it may end a line, and only the cause may hold a space. */
static size_t write_question(const struct question *question, char *line, size_t size)
{
	char index[24] = "-";
	if (question->index >= 0)
		snprintf(index, sizeof index, "%ld", question->index);
	int n = snprintf(line, size - 1, "ask %s %d %s %s %s %s %s%s%s", control.stage, control.pid, question->verb, question->id, index,
	                 question->name, question->actor, question->cause ? " " : "", question->cause ? question->cause : "");
	if (n < 0 || (size_t)n >= size - 1)
		return 0;
	for (int i = 0; i < n; i++)
		if ((unsigned char)line[i] < ' ')
			line[i] = '?';
	line[n] = '\n';
	return (size_t)n + 1;
}

static bool say(const char *line, size_t length)
{
	for (size_t at = 0; at < length;) {
		ssize_t sent = send(control.fd, line + at, length - at, MSG_NOSIGNAL);
		if (sent < 0 && errno != EINTR)
			return false;
		at += sent > 0 ? (size_t)sent : 0;
	}
	return true;
}

/* One line without its end; false when there is none of a sensible length. */
static bool hear(char line[32])
{
	for (size_t length = 0; length < 32;) {
		ssize_t got = recv(control.fd, line + length, 1, 0);
		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			return false;
		if (line[length] == '\n') {
			line[length] = '\0';
			return true;
		}
		length++;
	}
	return false;
}

int control_ask(const struct question *question)
{
	char line[4608], answer[32];
	if (!control.open)
		return 0;
	int before = errno;
	size_t length = write_question(question, line, sizeof line);
	int number = -1;
	if (length > 0 && say(line, length) && hear(answer)) {
		if (strcmp(answer, "go") == 0)
			number = 0;
		else if (strncmp(answer, "fail ", 5) == 0)
			number = errno_number(answer + 5);
	}
	if (number < 0) {
		control_close();
		number = 0;
	}
	errno = before;
	return number;
}
