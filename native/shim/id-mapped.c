/*
 * The kernel maps the ids of one detached mount, and overlay takes its lower directories by path. So a helper process with a mount
 * namespace of its own gives each mapped layer a place there, mounts the overlay, takes a detached copy of it, goes back to the shim's
 * mount namespace and attaches the copy. Nothing else of it is ever visible on the host, and its death cleans up.
 * The upper directory is not mapped: what is written there is owned by the ids that the container has on the host.
 */
#include "id-mapped.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../runc/syscalls.h"

#define MOST_LAYERS 500 /* @source kernel fs/overlayfs/params.h OVL_MAX_STACK */

/* Seen by the shim and its helper. */
struct outcome {
	int number;
	char error[512];
};

__attribute__((format(printf, 2, 3))) static int fail(struct outcome *outcome, const char *format, ...)
{
	va_list arguments;
	outcome->number = errno;
	va_start(arguments, format);
	vsnprintf(outcome->error, sizeof outcome->error, format, arguments);
	va_end(arguments);
	size_t used = strlen(outcome->error);
	snprintf(outcome->error + used, sizeof outcome->error - used, ": %s", strerror(outcome->number));
	return -1;
}

/* Adds what a person can do, where the kernel's EINVAL says nothing. */
static int hint(struct outcome *outcome, const char *words)
{
	size_t used = strlen(outcome->error);
	if (outcome->number == EINVAL || outcome->number == ENOSYS || outcome->number == EOPNOTSUPP)
		snprintf(outcome->error + used, sizeof outcome->error - used, ": %s", words);
	return -1;
}

/* ── the map, as a user namespace ── */

/* `0:100000:65536,…` → lines of uid_map. */
static int write_map(pid_t pid, const char *file, const char *map)
{
	char path[64], lines[4096];
	size_t length = 0;
	for (; map[length] != '\0' && length < sizeof lines - 2; length++)
		lines[length] = map[length] == ':' ? ' ' : map[length] == ',' ? '\n' : map[length];
	lines[length++] = '\n';
	snprintf(path, sizeof path, "/proc/%d/%s", pid, file);
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	ssize_t written = fd < 0 ? -1 : write(fd, lines, length);
	if (fd >= 0)
		close(fd);
	return written < 0 ? -1 : 0;
}

/* A user namespace lives as long as a descriptor of it; the process that it was made with only waits for its end. */
static int namespace_with_maps(struct outcome *outcome, const struct mapped_mount *mount)
{
	struct clone_args args = { .flags = CLONE_NEWUSER, .exit_signal = SIGCHLD };
	char path[64];
	int fd = -1, pid = sys_clone3(&args);
	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		for (;;)
			pause();
	}
	if (pid < 0)
		return fail(outcome, "making a user namespace for the layers: clone3(2)");
	snprintf(path, sizeof path, "/proc/%d/ns/user", pid);
	if (write_map(pid, "uid_map", mount->uid_map) < 0 || write_map(pid, "gid_map", mount->gid_map) < 0)
		fail(outcome, "mapping ids \"%s\" and \"%s\": write(2)", mount->uid_map, mount->gid_map);
	else if ((fd = open(path, O_RDONLY | O_CLOEXEC)) < 0)
		fail(outcome, "making a user namespace for the layers: open(2)");
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	return fd;
}

/* A detached, mapped copy of the mount that `path` is in, with `path` as its root. */
static int mapped_copy(struct outcome *outcome, const char *path, int namespace, unsigned recursive)
{
	struct kernel_mount_attr attr = { .attr_set = KERNEL_ATTR_IDMAP, .userns_fd = (uint64_t)namespace };
	int tree = sys_open_tree(AT_FDCWD, path, KERNEL_OPEN_TREE_CLONE | O_CLOEXEC | recursive);
	if (tree < 0)
		return fail(outcome, "mapping the ids of \"%s\": open_tree(2)", path);
	if (sys_mount_setattr(tree, recursive, &attr) == 0)
		return tree;
	fail(outcome, "mapping the ids of \"%s\": mount_setattr(2)", path);
	close(tree);
	return hint(outcome, "its file system must know id-mapped mounts (ext4, xfs, btrfs; tmpfs from Linux 6.3): move the data there, "
	                     "or take userns-remap out of daemon.json, or run with --userns=host");
}

/* ── the helper ── */

static int attach(struct outcome *outcome, int tree, const char *path)
{
	int place = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	int result = place < 0 ? -1 : sys_move_mount(tree, place);
	if (result < 0)
		fail(outcome, "attaching \"%s\": %s", path, place < 0 ? "open(2)" : "move_mount(2)");
	if (place >= 0)
		close(place);
	close(tree);
	return result;
}

/* Every lower directory mapped in the working directory as 0, 1, …; `names` gets them as overlay wants them: `0:1:2`. */
static int attach_layers(struct outcome *outcome, char *lower, int namespace, char *names, size_t size)
{
	unsigned count = 0;
	size_t length = 0;
	for (char *rest = lower, *path; (path = strtok_r(rest, ":", &rest)); count++) {
		char name[16];
		snprintf(name, sizeof name, "%u", count);
		length += (size_t)snprintf(names + length, size - length, "%s%s", count ? ":" : "", name);
		if (count == MOST_LAYERS || length >= size) {
			errno = E2BIG;
			return fail(outcome, "mapping the ids of more than %d layers", MOST_LAYERS);
		}
		if (mkdir(name, 0700) < 0)
			return fail(outcome, "making a place for a layer: mkdir(2)");
		int tree = mapped_copy(outcome, path, namespace, 0);
		if (tree < 0 || attach(outcome, tree, name) < 0)
			return -1;
	}
	return 0;
}

/* Options without lowerdir, which `lower` gets. */
static void split_options(char *data, char **lower, char *others, size_t size)
{
	size_t length = 0;
	others[0] = '\0';
	*lower = NULL;
	for (char *rest = data, *option; (option = strtok_r(rest, ",", &rest));) {
		if (strncmp(option, "lowerdir=", 9) == 0)
			*lower = option + 9;
		else if (length < size)
			length += (size_t)snprintf(others + length, size - length, "%s,", option);
	}
}

static int mount_layers(struct outcome *outcome, const struct mapped_mount *mount_, char *lower, const char *others)
{
	char names[4096], data[8192];
	int namespace = namespace_with_maps(outcome, mount_);
	if (namespace < 0)
		return -1;
	if (mount("tlab-layers", mount_->target, "tmpfs", 0, "mode=700") < 0 || chdir(mount_->target) < 0 || mkdir("merged", 0700) < 0)
		return fail(outcome, "making a place for the layers: mount(2)");
	if (attach_layers(outcome, lower, namespace, names, sizeof names) < 0)
		return -1;
	snprintf(data, sizeof data, "%slowerdir=%s", others, names);
	if (mount(mount_->source, "merged", "overlay", mount_->flags, data) == 0)
		return sys_open_tree(AT_FDCWD, "merged", KERNEL_OPEN_TREE_CLONE | O_CLOEXEC);
	fail(outcome, "mounting the layers with mapped ids on \"%s\": mount(2)", mount_->target);
	return hint(outcome, "overlay takes id-mapped layers from Linux 5.19: take userns-remap out of daemon.json, or run with --userns=host");
}

/* Makes the overlay in a mount namespace of its own; comes back to the shim's with a detached copy. */
static int overlay_elsewhere(struct outcome *outcome, const struct mapped_mount *mount_)
{
	char *lower, *others = malloc(strlen(mount_->data) + 2), *data = strdup(mount_->data);
	int home = open("/proc/self/ns/mnt", O_RDONLY | O_CLOEXEC);
	if (!others || !data || home < 0)
		return fail(outcome, "opening the mount namespace: open(2)");
	split_options(data, &lower, others, strlen(mount_->data) + 2);
	if (!lower) {
		errno = EINVAL;
		return fail(outcome, "mapping ids of an overlay without lower directories");
	}
	if (unshare(CLONE_NEWNS) < 0 || mount("", "/", NULL, MS_PRIVATE | MS_REC, NULL) < 0)
		return fail(outcome, "leaving the mount namespace: unshare(2)");
	int tree = mount_layers(outcome, mount_, lower, others);
	if (tree >= 0 && setns(home, CLONE_NEWNS) < 0)
		return fail(outcome, "returning to the mount namespace: setns(2)");
	return tree;
}

static int mapped_bind(struct outcome *outcome, const struct mapped_mount *mount_)
{
	unsigned recursive = mount_->flags & MS_REC ? KERNEL_AT_RECURSIVE : 0;
	struct kernel_mount_attr attr = {
		.attr_set = (mount_->flags & MS_RDONLY ? KERNEL_ATTR_RDONLY : 0) | (mount_->flags & MS_NOSUID ? KERNEL_ATTR_NOSUID : 0) |
		            (mount_->flags & MS_NODEV ? KERNEL_ATTR_NODEV : 0) | (mount_->flags & MS_NOEXEC ? KERNEL_ATTR_NOEXEC : 0),
	};
	int namespace = namespace_with_maps(outcome, mount_);
	int tree = namespace < 0 ? -1 : mapped_copy(outcome, mount_->source, namespace, recursive);
	if (tree >= 0 && attr.attr_set && sys_mount_setattr(tree, recursive, &attr) < 0)
		return fail(outcome, "mounting \"%s\": mount_setattr(2)", mount_->source);
	return tree;
}

static _Noreturn void helper(struct outcome *outcome, const struct mapped_mount *mount_)
{
	sigset_t none;
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	bool is_overlay = mount_->type && strcmp(mount_->type, "overlay") == 0;
	int tree = is_overlay ? overlay_elsewhere(outcome, mount_) : mapped_bind(outcome, mount_);
	_exit(tree >= 0 && attach(outcome, tree, mount_->target) == 0 ? 0 : 1);
}

bool mount_mapped(const struct mapped_mount *mount_, int *number, char error[512])
{
	int status = -1;
	struct outcome *outcome = mmap(NULL, sizeof *outcome, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	pid_t pid = outcome == MAP_FAILED ? -1 : fork();
	if (pid == 0)
		helper(outcome, mount_);
	bool done = pid > 0 && waitpid(pid, &status, 0) == pid && WIFEXITED(status) && WEXITSTATUS(status) == 0;
	*number = done ? 0 : pid < 0 ? errno : outcome->number;
	if (!done && pid > 0 && outcome->error[0])
		snprintf(error, 512, "%.500s", outcome->error);
	else if (!done)
		snprintf(error, 512, "mounting with mapped ids on \"%.200s\": its helper ended with status %d", mount_->target, status);
	if (outcome != MAP_FAILED)
		munmap(outcome, sizeof *outcome);
	return done;
}
