#include "terminal.h"

#include <errno.h>
#include <fcntl.h>
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

/* One direction. What was read is written before more is read, and neither waits: else the two directions could wait for each other. */
struct flow {
	int from, to;
	char data[4096];
	size_t at, length; /* still to be written: from `at` to `length` */
};

static struct pollfd to_read(const struct flow *flow)
{
	return (struct pollfd){ flow->at < flow->length ? -1 : flow->from, POLLIN, 0 };
}

static struct pollfd to_write(const struct flow *flow)
{
	return (struct pollfd){ flow->at < flow->length ? flow->to : -1, POLLOUT, 0 };
}

static bool is_over(ssize_t result)
{
	return result == 0 || (result < 0 && errno != EINTR && errno != EAGAIN);
}

/* A terminal whose slaves are all closed says EIO. */
static void flow_read(struct flow *flow)
{
	ssize_t got = read(flow->from, flow->data, sizeof flow->data);
	flow->at = 0;
	flow->length = got > 0 ? (size_t)got : 0;
	if (is_over(got))
		flow->from = -1;
}

static void flow_write(struct flow *flow)
{
	ssize_t written = write(flow->to, flow->data + flow->at, flow->length - flow->at);
	flow->at += written > 0 ? (size_t)written : 0;
	if (is_over(written)) { /* nobody takes it any more */
		flow->from = -1;
		flow->at = flow->length;
	}
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

/* What the child wrote last. */
static void drain(struct flow *output)
{
	for (;;) {
		while (output->at < output->length)
			flow_write(output);
		struct pollfd more = to_read(output);
		if (more.fd < 0 || poll(&more, 1, 0) <= 0)
			return;
		flow_read(output);
	}
}

static int relay(int master, int signals, pid_t child)
{
	struct flow input = { .from = 0, .to = master }, output = { .from = master, .to = 1 };
	int status = 0;
	for (bool ended = false; !ended;) {
		struct pollfd fds[5] = { { signals, POLLIN, 0 }, to_read(&input), to_write(&input), to_read(&output), to_write(&output) };
		if (poll(fds, 5, -1) < 0 && errno != EINTR)
			break;
		if (fds[1].revents)
			flow_read(&input);
		if (fds[2].revents)
			flow_write(&input);
		if (fds[3].revents)
			flow_read(&output);
		if (fds[4].revents)
			flow_write(&output);
		if (fds[0].revents)
			ended = take_signal(signals, master, child, &status);
	}
	drain(&output);
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
	fcntl(master, F_SETFL, O_RDWR | O_NONBLOCK);
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
