/*
 * What chroot(2) leaves beneath a container that is made without pivot_root(2): the host's mounts. Their procfs and sysfs have to go: while a whole one
 * is anywhere in the mount namespace, the kernel lets a user namespace of the container mount another, without what is masked there.
 * @source linux fs/namespace.c mount_too_revealing; runc libcontainer msMoveRoot
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <unistd.h>

#include "executor.h"
#include "root.h"
#include "syscalls.h"

static char table[1 << 20]; /* nothing is allocated after the clone; pages that are not used cost nothing */

static int read_table(struct executor *executor)
{
	size_t used = 0;
	ssize_t n = 0;
	int fd = openat(executor->host_proc, "self/mountinfo", O_RDONLY | O_CLOEXEC);
	while (fd >= 0 && used < sizeof table - 1 && (n = read(fd, table + used, sizeof table - 1 - used)) > 0)
		used += (size_t)n;
	if (fd < 0 || n < 0)
		FAIL_CALL(executor, fd < 0 ? "open(2)" : "read(2)", "looking for the host's procfs");
	else if (n > 0)
		n = FAIL(executor, "looking for the host's procfs: this host has more mounts than fit into %zu bytes", sizeof table);
	if (fd >= 0)
		close(fd);
	table[used] = '\0';
	return fd < 0 || n < 0 ? -1 : 0;
}

/* The kernel writes space, tab, newline and backslash as three octal digits. @source man proc_pid_mountinfo(5) */
static void unescape(char *text)
{
	char *out = text;
	for (const char *in = text; *in; in++) {
		if (in[0] == '\\' && in[1] && in[2] && in[3]) {
			*out++ = (char)((in[1] - '0') << 6 | (in[2] - '0') << 3 | (in[3] - '0'));
			in += 3;
		} else {
			*out++ = *in;
		}
	}
	*out = '\0';
}

/* The mount point of a line about a procfs or sysfs; NULL for others. */
static char *revealing(char *line)
{
	char *type = strstr(line, " - "), *point = line;
	if (!type || (strncmp(type + 3, "proc ", 5) != 0 && strncmp(type + 3, "sysfs ", 6) != 0))
		return NULL;
	for (int field = 0; field < 4 && point; field++)
		point = (point = strchr(point, ' ')) ? point + 1 : NULL;
	char *end = point ? strchr(point, ' ') : NULL;
	if (!end)
		return NULL;
	*end = '\0';
	unescape(point);
	return point;
}

/* What may not be unmounted (a user namespace that has it from another) is covered. */
static int take_away(struct executor *executor, const char *point)
{
	struct kernel_mount_attr slave = { .propagation = MS_SLAVE };
	int fd = open(point, O_PATH | O_CLOEXEC);
	if (fd < 0 && errno == ENOENT)
		return 0; /* went with one above it */
	/* Or its unmounting would travel to the host. */
	if (fd >= 0 && sys_mount_setattr(fd, KERNEL_AT_RECURSIVE, &slave) < 0 && errno != EINVAL && errno != EPERM) {
		FAIL_CALL(executor, "mount_setattr(2)", "making the host's \"%s\" a slave", point);
		close(fd);
		return -1;
	}
	if (fd >= 0)
		close(fd);
	if (umount2(point, MNT_DETACH) == 0 || errno == ENOENT)
		return 0;
	if ((errno == EINVAL || errno == EPERM) && mount("tmpfs", point, "tmpfs", 0, NULL) == 0)
		return 0;
	return FAIL_CALL(executor, "umount2(2)", "taking the host's \"%s\" away", point);
}

int host_procfs_away(struct executor *executor)
{
	char self[32], root[PATH_MAX];
	snprintf(self, sizeof self, "self/fd/%d", executor->root);
	ssize_t length = readlinkat(executor->host_proc, self, root, sizeof root - 1);
	if (length < 0)
		return FAIL_CALL(executor, "readlink(2)", "looking for the host's procfs");
	root[length] = '\0';
	if (read_table(executor) < 0)
		return -1;
	for (char *line = table, *next; *line; line = next) {
		next = strchrnul(line, '\n');
		next += *next ? (*next = '\0', 1) : 0;
		char *point = revealing(line);
		bool own = point && strncmp(point, root, (size_t)length) == 0 && (point[length] == '/' || point[length] == '\0');
		if (point && !own && take_away(executor, point) < 0)
			return -1;
	}
	return 0;
}
