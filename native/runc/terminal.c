#include "terminal.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

int terminal_pair(int pair[2], struct failure *failure)
{
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0)
		return fail_call(failure, "socketpair(2)", "making a terminal");
	return 0;
}

static int receive_master(int socket)
{
	union {
		char space[CMSG_SPACE(sizeof(int))];
		struct cmsghdr align;
	} control;
	char name[64];
	struct iovec text = { name, sizeof name };
	struct msghdr message = { .msg_iov = &text, .msg_iovlen = 1, .msg_control = &control };
	message.msg_controllen = sizeof control;
	int fd = -1;
	if (recvmsg(socket, &message, MSG_CMSG_CLOEXEC) > 0 && CMSG_FIRSTHDR(&message))
		memcpy(&fd, CMSG_DATA(CMSG_FIRSTHDR(&message)), sizeof fd);
	return fd;
}

static void copy_size(int master)
{
	struct winsize size;
	if (ioctl(0, TIOCGWINSZ, &size) == 0)
		ioctl(master, TIOCSWINSZ, &size);
}

/* Both ends of a line discipline would echo and edit twice: ours does nothing while the container's does it all. */
static bool make_raw(struct termios *before)
{
	struct termios raw;
	if (tcgetattr(0, before) < 0)
		return false;
	raw = *before;
	cfmakeraw(&raw);
	return tcsetattr(0, TCSANOW, &raw) == 0;
}

/* False at the end of the stream. A terminal whose slaves are all closed says EIO. */
static bool copy(int from, int to)
{
	char buffer[4096];
	ssize_t got = read(from, buffer, sizeof buffer);
	if (got < 0 && errno == EINTR)
		return true;
	for (ssize_t at = 0; at < got;) {
		ssize_t written = write(to, buffer + at, (size_t)(got - at));
		if (written < 0 && errno != EINTR)
			return false;
		at += written > 0 ? written : 0;
	}
	return got > 0;
}

/* True once the child has ended, its status in *status. */
static bool take_signal(int signals, int master, pid_t child, int *status)
{
	struct signalfd_siginfo info;
	if (read(signals, &info, sizeof info) != sizeof info)
		return false;
	if (info.ssi_signo == SIGWINCH)
		copy_size(master);
	else if (info.ssi_signo == SIGCHLD)
		return waitpid(child, status, WNOHANG) == child;
	else
		kill(child, (int)info.ssi_signo);
	return false;
}

static int relay(int master, int signals, pid_t child)
{
	struct pollfd fds[3] = { { signals, POLLIN, 0 }, { master, POLLIN, 0 }, { 0, POLLIN, 0 } };
	int status = 0;
	for (bool ended = false; !ended;) {
		if (poll(fds, 3, -1) < 0 && errno != EINTR)
			break;
		if (fds[1].revents && !copy(master, 1))
			fds[1].fd = -1;
		if (fds[2].revents && !copy(0, master))
			fds[2].fd = -1;
		if (fds[0].revents)
			ended = take_signal(signals, master, child, &status);
	}
	while (fds[1].fd >= 0 && poll(&fds[1], 1, 0) > 0 && copy(master, 1))
		continue; /* what it wrote last */
	return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

int terminal_relay(int socket, pid_t child)
{
	sigset_t all;
	struct termios before;
	sigfillset(&all);
	sigprocmask(SIG_BLOCK, &all, NULL);
	int signals = signalfd(-1, &all, SFD_CLOEXEC), master = receive_master(socket);
	copy_size(master);
	bool raw = make_raw(&before);
	/* A child that ended before the signals were blocked has sent its SIGCHLD already. */
	raise(SIGCHLD);
	int status = relay(master, signals, child);
	if (raw)
		tcsetattr(0, TCSANOW, &before);
	close(master);
	close(signals);
	return status;
}
