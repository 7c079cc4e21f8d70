/*
 * A seccomp agent for tests: takes the listener that a runtime sends, prints the container process state, then answers for ever.
 * mkdir(2) and mkdirat(2) fail with EUCLEAN, which nothing else says; every other call is let through, and its number printed once.
 */
#include <errno.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

static int receive(int from, char *text, size_t size)
{
	union {
		char space[CMSG_SPACE(sizeof(int))];
		struct cmsghdr align;
	} control;
	struct iovec part = { text, size - 1 };
	struct msghdr message = { .msg_iov = &part, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof control };
	int fd = -1;
	ssize_t got = recvmsg(from, &message, 0), more;
	if (got <= 0 || !CMSG_FIRSTHDR(&message))
		return -1;
	memcpy(&fd, CMSG_DATA(CMSG_FIRSTHDR(&message)), sizeof fd);
	while ((more = recv(from, text + got, size - 1 - (size_t)got, 0)) > 0)
		got += more;
	text[got] = '\0';
	return fd;
}

static void answer_all(int listener)
{
	static char seen[1024];
	for (;;) {
		struct seccomp_notif asked;
		struct seccomp_notif_resp answer;
		struct pollfd waiting = { .fd = listener, .events = POLLIN };
		/* Hung up: nobody is left under the filter, and RECV would say ENOENT for ever. */
		if (poll(&waiting, 1, -1) < 0 || waiting.revents & POLLHUP)
			return;
		memset(&asked, 0, sizeof asked);
		memset(&answer, 0, sizeof answer);
		if (ioctl(listener, SECCOMP_IOCTL_NOTIF_RECV, &asked) < 0) {
			if (errno == EINTR || errno == ENOENT)
				continue;
			return;
		}
		answer.id = asked.id;
		int number = asked.data.nr, is_mkdir = number == SYS_mkdirat;
#ifdef SYS_mkdir
		is_mkdir = is_mkdir || number == SYS_mkdir;
#endif
		if (is_mkdir)
			answer.error = -EUCLEAN;
		else
			answer.flags = SECCOMP_USER_NOTIF_FLAG_CONTINUE;
		if (number >= 0 && number < 1024 && !seen[number]++) {
			printf("call %d\n", number);
			fflush(stdout);
		}
		ioctl(listener, SECCOMP_IOCTL_NOTIF_SEND, &answer);
	}
}

int main(int argc, char **argv)
{
	static char text[200000];
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	if (argc < 2 || strlen(argv[1]) >= sizeof address.sun_path)
		return 2;
	strcpy(address.sun_path, argv[1]);
	int listening = socket(AF_UNIX, SOCK_STREAM, 0);
	if (bind(listening, (struct sockaddr *)&address, sizeof address) < 0 || listen(listening, 4) < 0)
		return 2;
	for (;;) {
		int connection = accept(listening, NULL, NULL);
		int listener = receive(connection, text, sizeof text);
		if (listener < 0)
			return 3;
		printf("%s\n", text);
		fflush(stdout);
		close(connection);
		if (fork() == 0) {
			prctl(PR_SET_PDEATHSIG, SIGKILL);
			answer_all(listener);
			_exit(0);
		}
		close(listener);
	}
}
