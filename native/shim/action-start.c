/*
 * The start action: joins the live shim of the container's group, if there is one. Otherwise binds the socket, starts the long-lived shim on it, prints the address. containerd reads both our
 * standard output and error until they close, so the shim gets neither; whatever is printed on failure is the message.
 *
 *   containerd            start                        shim
 *   exec, reads stdout →  bind, listen
 *                         vfork, exec ───────────────→ session of its own, descriptor 3 listens
 *                         write `address`, print it
 *   connects ───────────────────────────────────────→  accepts (the socket has been listening all along)
 *
 * @source containerd runtime/v2/README.md
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "hold.h"
#include "shim.h"
#include "tracing.h"

enum { LISTEN_FD = 3 };

static int complain(const char *what, const char *object)
{
	fprintf(stderr, "%s \"%s\": %s", what, object, strerror(errno));
	return 1;
}

/* Something is bound there already: a live shim keeps it (EADDRINUSE), a dead one's file goes. */
static bool replace_stale(int fd, const struct sockaddr_un *address)
{
	int probe = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	bool live = probe >= 0 && connect(probe, (const struct sockaddr *)address, sizeof *address) == 0;
	if (probe >= 0)
		close(probe);
	if (live) {
		errno = EADDRINUSE;
		return false;
	}
	return unlink(address->sun_path) == 0 && bind(fd, (const struct sockaddr *)address, sizeof *address) == 0;
}

static int bind_socket(void)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return -1;
	memcpy(address.sun_path, shim.socket, strlen(shim.socket) + 1);
	mode_t before = umask(0177); /* root alone may speak to a shim */
	bool bound = bind(fd, (struct sockaddr *)&address, sizeof address) == 0 || (errno == EADDRINUSE && replace_stale(fd, &address));
	umask(before);
	if (bound && listen(fd, SOMAXCONN) == 0)
		return fd;
	int error = errno;
	close(fd);
	errno = error;
	return -1;
}

/* Two of a group may start at once: one must not take the socket that the other has bound, and does not listen on yet, for a stale one. */
static int bind_alone(void)
{
	int folder = open(shim.sockets, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int fd = folder >= 0 && flock(folder, LOCK_EX) == 0 ? bind_socket() : -1;
	int error = errno;
	if (folder >= 0)
		close(folder);
	errno = error;
	return fd;
}

static _Noreturn void exec_server(int listener, int null, const char *const *argv)
{
	sigset_t none;
	setsid();
	for (int i = 0; i < 3; i++)
		dup2(null, i);
	if (listener == LISTEN_FD)
		fcntl(listener, F_SETFD, 0);
	else
		dup2(listener, LISTEN_FD);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	execv("/proc/self/exe", (char *const *)(uintptr_t)argv);
	_exit(127);
}

static pid_t spawn_server(int listener)
{
	const char *const arguments[] = { "containerd-shim-tlab-v2", "-namespace", shim.namespace, "-id", shim.id, "-address", shim.address,
		                            "-socket", shim.socket, NULL };
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);
	if (null < 0)
		return -1;
	pid_t pid = vfork();
	if (pid == 0)
		exec_server(listener, null, arguments);
	close(null);
	return pid;
}

/* One more than containerd's, so that the kernel kills the shim before it; never less than it is. */
static void raise_oom_score(pid_t pid)
{
	char path[64];
	int score = 0;
	snprintf(path, sizeof path, "/proc/%d/oom_score_adj", getppid());
	FILE *file = fopen(path, "re");
	if (!file)
		return;
	if (fscanf(file, "%d", &score) != 1)
		score = 0;
	fclose(file);
	snprintf(path, sizeof path, "/proc/%d/oom_score_adj", pid);
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return;
	/* Where it may not be set (EPERM, EACCES) the shim keeps the one that it inherited. */
	(void)!dprintf(fd, "%d", score >= 1000 ? 1000 : score + 1);
	close(fd);
}

static bool write_file(const char *name, const char *text)
{
	int fd = open(name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0)
		return false;
	bool written = write(fd, text, strlen(text)) == (ssize_t)strlen(text);
	close(fd);
	return written;
}

/* The delete action kills by it a shim that its caller has lost. */
static bool write_pid(pid_t pid)
{
	char text[16];
	snprintf(text, sizeof text, "%d\n", pid);
	return write_file("shim.pid", text);
}

static bool goes(const char *name)
{
	return hold_step(&(struct step){ .verb = "start", .name = name });
}

static int print(const char *address)
{
	return printf("%s\n", address) > 0 && fflush(stdout) == 0 ? 0 : 1;
}

static int join(const struct trace *trace, const char *address)
{
	if (!goes("write-address") || !write_file("address", address))
		return complain("joining the shim of", shim.group);
	trace_server_joined(trace);
	return print(address);
}

static int start(const struct trace *trace, int listener, const char *address)
{
	pid_t pid = -1;
	if (goes("write-address") && write_file("address", address) && goes("spawn"))
		pid = spawn_server(listener);
	if (pid > 0 && !(goes("write-pid") && write_pid(pid))) {
		kill(pid, SIGKILL);
		pid = -1;
	}
	if (pid < 0) {
		int result = complain("starting the shim for", shim.id);
		unlink(shim.socket);
		return result;
	}
	raise_oom_score(pid);
	trace_server_started(trace, pid);
	return print(address);
}

int action_start(const struct trace *trace)
{
	char address[PATH_MAX];
	if (mkdir(shim.run_root, 0711) < 0 && errno != EEXIST)
		return complain("making", shim.run_root);
	if (mkdir(shim.sockets, 0711) < 0 && errno != EEXIST)
		return complain("making", shim.sockets);
	snprintf(address, sizeof address, "unix://%s", shim.socket);
	int listener = goes("bind-socket") ? bind_alone() : -1;
	if (listener >= 0)
		return start(trace, listener, address);
	return errno == EADDRINUSE ? join(trace, address) : complain("binding", shim.socket);
}
