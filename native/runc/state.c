#include "state.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "cgroup.h"
#include "executor.h"
#include "state-json.h"
#include "syscalls.h"

const char *const status_names[] = { "creating", "created", "running", "paused", "stopped" };

static int make_directories(char *path)
{
	for (char *at = path + 1; *at; at++) {
		if (*at != '/')
			continue;
		*at = '\0';
		int result = mkdir(path, 0711);
		*at = '/';
		if (result < 0 && errno != EEXIST)
			return -1;
	}
	return 0;
}

/* Who can write a state can make us run hooks: it must be ours or root's, and the folder around it not everybody's. */
static int check_trusted(int dir, const char *path, struct failure *failure)
{
	struct stat status;
	if (fstat(dir, &status) < 0)
		return fail_call(failure, "fstat(2)", "state directory \"%s\"", path);
	if (status.st_uid != geteuid() && status.st_uid != 0)
		return fail_plain(failure, "state directory \"%s\": it belongs to user %u, must be yours or root's", path, status.st_uid);
	if ((status.st_mode & S_IWOTH) && !(status.st_mode & S_ISVTX))
		return fail_plain(failure, "state directory \"%s\": everybody may write to it, must be its owner's alone", path);
	return 0;
}

static int check_root(const char *root, struct failure *failure)
{
	int dir = open(root, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (dir < 0)
		return 0; /* not there yet, or no directory: whoever uses it says so */
	int result = check_trusted(dir, root, failure);
	close(dir);
	return result;
}

static int name_directory(struct container *container, const char *root, const char *id, struct failure *failure)
{
	*container = (struct container){ .id = id, .dir = -1 };
	int n = snprintf(container->path, sizeof container->path, "%s/%s", root, id);
	if (n < 0 || (size_t)n >= sizeof container->path)
		return fail_plain(failure, "--root \"%s\": its path is too long", root);
	return check_root(root, failure);
}

int container_make(struct container *container, const char *root, const char *id, struct failure *failure)
{
	if (name_directory(container, root, id, failure) < 0)
		return -1;
	if (mkdir(container->path, 0711) < 0) {
		if (errno == ENOENT && make_directories(container->path) == 0 && mkdir(container->path, 0711) == 0)
			errno = 0;
		else if (errno == EEXIST)
			return fail_plain(failure, "container with id exists: %s", id);
		else
			return fail_call(failure, "mkdir(2)", "making the state directory \"%s\"", container->path);
	}
	container->dir = open(container->path, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	memcpy(container->saved.magic, "TLABCONT", 8);
	container->saved.version = 1;
	container->saved.uid = (uint32_t)geteuid();
	if (container->dir < 0) {
		fail_call(failure, "open(2)", "opening the state directory \"%s\"", container->path);
		rmdir(container->path);
		return -1;
	}
	if (mkfifoat(container->dir, "start.fifo", 0600) < 0)
		return fail_call(failure, "mknod(2)", "making the barrier in \"%s\"", container->path);
	return 0;
}

int container_read_plan(struct container *container, struct failure *failure)
{
	char path[PATH_MAX + 16];
	snprintf(path, sizeof path, "%s/plan", container->path);
	int fd = openat(container->dir, "plan", O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOFOLLOW);
	int result = plan_read(&container->plan, fd, path, failure);
	if (fd >= 0)
		close(fd);
	return result;
}

int container_open(struct container *container, const char *root, const char *id, struct failure *failure)
{
	size_t size = 0;
	if (name_directory(container, root, id, failure) < 0)
		return -1;
	container->dir = open(container->path, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (container->dir < 0) {
		int number = errno;
		fail_plain(failure, "container \"%s\" does not exist", id);
		failure->number = number;
		return -1;
	}
	if (check_trusted(container->dir, container->path, failure) < 0) {
		close(container->dir);
		container->dir = -1;
		return -1;
	}
	struct saved *saved = (struct saved *)(void *)read_whole(container->dir, "container", sizeof *saved, &size);
	if (!saved || size != sizeof *saved || memcmp(saved->magic, "TLABCONT", 8) != 0 || saved->version != 1 ||
	    saved->bundle[PATH_MAX - 1] != '\0' || saved->rootfs[PATH_MAX - 1] != '\0') {
		free(saved);
		return fail_plain(failure, "container \"%s\": its state is damaged, only delete --force can go on", id);
	}
	container->saved = *saved;
	free(saved);
	return container_read_plan(container, failure);
}

void container_close(struct container *container)
{
	plan_free(&container->plan);
	if (container->dir >= 0)
		close(container->dir);
	container->dir = -1;
}

int container_forget(struct container *container, struct failure *failure)
{
	/* The plan before `container`: a delete that is killed in between finds the one without the other, and goes on. */
	static const char *const files[] = { "start.fifo",     "state.json", "plan",     "state.json.new",
		                             "plan.new", "container.new", "container" };
	for (size_t i = 0; i < sizeof files / sizeof *files; i++)
		unlinkat(container->dir, files[i], 0);
	if (rmdir(container->path) < 0 && errno != ENOENT)
		return fail_call(failure, "rmdir(2)", "removing the state directory \"%s\"", container->path);
	return 0;
}

/* Through a new file and rename(2): a reader sees the old or the new one, never half. */
int write_whole_at(int dir, const char *name, const void *data, size_t size)
{
	char temporary[64];
	snprintf(temporary, sizeof temporary, "%s.new", name);
	int fd = openat(dir, temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0)
		return -1;
	ssize_t written = write(fd, data, size);
	if (written != (ssize_t)size) {
		int number = written < 0 ? errno : ENOSPC;
		close(fd);
		unlinkat(dir, temporary, 0);
		errno = number;
		return -1;
	}
	close(fd);
	return renameat(dir, temporary, dir, name);
}

int container_save(const struct container *container, struct failure *failure)
{
	static char text[STATE_JSON_BYTES];
	state_file_json(container, text, sizeof text);
	if (write_whole_at(container->dir, "state.json", text, strlen(text)) < 0 ||
	    write_whole_at(container->dir, "container", &container->saved, sizeof container->saved) < 0)
		return fail_call(failure, "write(2)", "writing the state of \"%s\"", container->id);
	return 0;
}

uint64_t process_start_time(pid_t pid)
{
	char path[32], text[1024];
	snprintf(path, sizeof path, "/proc/%d/stat", pid);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t size = fd < 0 ? -1 : read(fd, text, sizeof text - 1);
	if (fd >= 0)
		close(fd);
	if (size <= 0)
		return 0;
	text[size] = '\0';
	char *at = strrchr(text, ')'); /* the name before it may hold anything */
	if (!at || at[1] == '\0' || at[2] == 'Z' || at[2] == 'X')
		return 0;
	for (int field = 2; field < 22 && at; field++)
		at = strchr(at + 1, ' ');
	return at ? strtoull(at + 1, NULL, 10) : 0;
}

static bool is_alive(const struct saved *saved)
{
	return saved->pid > 0 && process_start_time(saved->pid) == saved->start_time;
}

enum status container_status(const struct container *container)
{
	if (container->saved.pid == 0)
		return STATUS_CREATING;
	if (!is_alive(&container->saved))
		return STATUS_STOPPED;
	if (cgroups_frozen(&container->plan))
		return STATUS_PAUSED;
	return faccessat(container->dir, "start.fifo", F_OK, 0) == 0 ? STATUS_CREATED : STATUS_RUNNING;
}

/* The pidfd first, then the check: so it cannot be of a process that took the number later. */
int container_pidfd(const struct container *container)
{
	if (container->saved.pid <= 0)
		return -1;
	int pidfd = sys_pidfd_open(container->saved.pid);
	if (pidfd >= 0 && !is_alive(&container->saved)) {
		close(pidfd);
		return -1;
	}
	return pidfd;
}
