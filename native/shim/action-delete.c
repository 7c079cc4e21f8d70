/*
 * The delete action: what containerd runs, with the bundle as working directory, when it has lost a shim (and after every
 * normal end too, when there is nothing left to do). Whatever is still there goes: the shim itself, the container, the
 * mounts, the socket. It never fails on what is already gone.
 * Rule: a shim that serves a group is not killed, since others may live in it: it is asked to let this one container go.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "ask.h"
#include "hold.h"
#include "mounts.h"
#include "runtime.h"

/* The name of a process's program; after an upgrade the old one's file has gone, which the kernel tells behind it. */
static bool program_name(const char *link, char name[NAME_MAX + 1])
{
	static const char gone[] = " (deleted)";
	char path[PATH_MAX];
	ssize_t length = readlink(link, path, sizeof path - 1);
	if (length <= 0)
		return false;
	path[length] = '\0';
	char *end = path + length - (sizeof gone - 1);
	if (end > path && strcmp(end, gone) == 0)
		*end = '\0';
	const char *slash = strrchr(path, '/');
	return slash && (size_t)snprintf(name, NAME_MAX + 1, "%s", slash + 1) <= NAME_MAX;
}

/*
 * The pid may have been given to another process by now: the descriptor is taken first, then the process is looked at. A shim of this bundle
 * has it as its working directory. Its program need not be this file: the shim may be older than the last upgrade.
 */
static bool is_our_shim(pid_t pid)
{
	char path[64], own[NAME_MAX + 1], other[NAME_MAX + 1];
	struct stat bundle, folder;
	snprintf(path, sizeof path, "/proc/%d/exe", pid);
	if (!program_name("/proc/self/exe", own) || !program_name(path, other) || strcmp(own, other) != 0)
		return false;
	snprintf(path, sizeof path, "/proc/%d/cwd", pid);
	return stat(".", &bundle) == 0 && stat(path, &folder) == 0 && bundle.st_ino == folder.st_ino && bundle.st_dev == folder.st_dev;
}

static void kill_shim(void)
{
	pid_t pid;
	if (!read_pid("shim.pid", &pid) || pid == getpid())
		return;
	int fd = (int)syscall(SYS_pidfd_open, pid, 0);
	if (fd < 0)
		return;
	struct pollfd exited = { .fd = fd, .events = POLLIN };
	if (is_our_shim(pid) && syscall(SYS_pidfd_send_signal, fd, SIGKILL, NULL, 0) == 0)
		poll(&exited, 1, 5000);
	close(fd);
}

/* An orderly end through the door of a live shim; whatever it does not do is done after it. */
static void ask_shim(void)
{
	int fd = ask_open(shim.socket);
	if (fd < 0) {
		unlink(shim.socket);
		return;
	}
	struct writer id = ask_id(shim.id), kill = ask_id(shim.id);
	put_number(&kill, 3, SIGKILL);
	put_number(&kill, 4, true); /* all */
	/* One that does not answer in time is not asked again. */
	(void)(ask(fd, "Kill", &kill) && ask(fd, "Wait", &id) && ask(fd, "Delete", &id) && ask(fd, "Shutdown", &id));
	writer_free(&id);
	writer_free(&kill);
	close(fd);
}

static void delete_container(void)
{
	struct arguments arguments = { .count = 0 };
	struct runtime runtime = { 0 };
	if (!runtime_load(&runtime))
		return;
	runtime_arguments(&arguments, &runtime, "delete", NULL);
	arguments_add(&arguments, "--force");
	arguments_add(&arguments, shim.id);
	runtime_run(&arguments);
	runtime_free(&runtime);
}

static int print_response(pid_t pid)
{
	struct writer response = { 0 };
	struct timespec now;
	clock_gettime(CLOCK_REALTIME, &now);
	put_number(&response, 1, (uint64_t)pid);
	put_number(&response, 2, 128 + SIGKILL); /* what became of it is not known: it counts as killed */
	put_time(&response, 3, now.tv_sec, (int32_t)now.tv_nsec);
	bool written = !response.failed && write(STDOUT_FILENO, response.at, response.length) == (ssize_t)response.length;
	writer_free(&response);
	return written ? 0 : 1;
}

/* A step that clears away can be held, but never left out. */
static void hold(const char *name)
{
	hold_step(&(struct step){ .verb = "delete", .name = name });
}

int action_delete(const struct trace *trace)
{
	char rootfs[PATH_MAX], bundle[PATH_MAX];
	pid_t init = 0;
	if (!read_pid("init.pid", &init))
		init = 0;
	hold("kill-shim");
	if (shim.is_grouped)
		ask_shim();
	else
		kill_shim();
	/* After an orderly end there is no such file any more, and no runtime to call. */
	hold("runtime-delete");
	if (access("shim-runtime", F_OK) == 0)
		delete_container();
	hold("unmount");
	if (getcwd(bundle, sizeof bundle) && snprintf(rootfs, sizeof rootfs, "%s/rootfs", bundle) < (int)sizeof rootfs)
		mount_detach(rootfs, trace);
	hold("unlink-socket");
	if (!shim.is_grouped)
		unlink(shim.socket);
	return print_response(init);
}
