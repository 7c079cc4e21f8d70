#include "object.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "../archive/failure.h"

static int open_quietly(int parent, const char *name, int flags)
{
	/* O_NONBLOCK: a fifo may have come in its place. O_NOATIME is refused on another owner's file without CAP_FOWNER. */
	int fd = openat(parent, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC | O_NOATIME | flags);
	if (fd < 0 && errno == EPERM)
		fd = openat(parent, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC | flags);
	return fd;
}

bool object_open(struct object *object, int parent, const char *name)
{
	*object = (struct object){ .parent = parent, .name = name, .fd = -1 };
	if (fstatat(parent, name, &object->stat, AT_SYMLINK_NOFOLLOW) < 0) {
		if (errno == ENOENT || errno == ENOTDIR)
			return false;
		fail_call("fstatat(2)");
	}
	mode_t type = object->stat.st_mode & S_IFMT;
	if (type != S_IFREG && type != S_IFDIR)
		return true;
	struct stat opened;
	object->fd = open_quietly(parent, name, type == S_IFDIR ? O_DIRECTORY : 0);
	if (object->fd < 0) {
		if (errno == ENOENT || errno == ELOOP || errno == ENOTDIR || errno == ENXIO)
			return false;
		fail_call("openat(2)");
	}
	if (fstat(object->fd, &opened) < 0)
		fail_call("fstat(2)");
	if ((opened.st_mode & S_IFMT) != type) {
		object_close(object);
		return false;
	}
	object->stat = opened;
	return true;
}

void object_close(struct object *object)
{
	if (object->fd >= 0)
		close(object->fd);
	object->fd = -1;
}

/* There is no lgetxattrat(2) in the kernels that we know: a symlink or device is reached from its own directory. */
static void enter(const struct object *object)
{
	if (object->fd < 0 && fchdir(object->parent) < 0)
		fail_call("fchdir(2)");
}

long object_xattr(const struct object *object, const char *name, void *value, size_t size)
{
	enter(object);
	long length = object->fd >= 0 ? fgetxattr(object->fd, name, value, size) :
	                                lgetxattr(object->name, name, value, size);
	if (length < 0 && errno != ENODATA && errno != ENOTSUP && errno != ENOENT)
		fail_call("getxattr(2)");
	return length;
}

/* What describes the file itself. Overlayfs's own say how this host stacked it; labels of security modules are the host's. */
static bool belongs(const char *name)
{
	if (strncmp(name, "trusted.overlay.", 16) == 0 || strncmp(name, "user.overlay.", 13) == 0)
		return false;
	return strncmp(name, "user.", 5) == 0 || strncmp(name, "trusted.", 8) == 0 ||
	       strncmp(name, "system.posix_acl_", 17) == 0 || strcmp(name, "security.capability") == 0;
}

static int compare_names(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* In order, so that two file systems that list them differently give the same bytes. */
static size_t sort_names(char *names, size_t length)
{
	size_t count = 0, kept = 0;
	const char **list = calloc(length / 2 + 1, sizeof *list);
	char *sorted = malloc(length + 1);
	if (!list || !sorted)
		fail("out of memory");
	for (size_t at = 0; at < length; at += strlen(names + at) + 1)
		if (belongs(names + at))
			list[count++] = names + at;
	qsort(list, count, sizeof *list, compare_names);
	for (size_t i = 0; i < count; i++) {
		size_t size = strlen(list[i]) + 1;
		memcpy(sorted + kept, list[i], size);
		kept += size;
	}
	memcpy(names, sorted, kept);
	free(list);
	free(sorted);
	return kept;
}

size_t object_xattrs(const struct object *object, char **names)
{
	*names = NULL;
	enter(object);
	char small[1];
	ssize_t length = object->fd >= 0 ? flistxattr(object->fd, small, 0) : llistxattr(object->name, small, 0);
	if (length <= 0)
		return 0;
	/* The most that Linux lists; somebody may add one between two calls. @source uapi linux/limits.h XATTR_LIST_MAX */
	*names = malloc(65536);
	if (!*names)
		fail("out of memory");
	length = object->fd >= 0 ? flistxattr(object->fd, *names, 65536) : llistxattr(object->name, *names, 65536);
	if (length < 0)
		fail_call("listxattr(2)");
	return sort_names(*names, (size_t)length);
}

bool object_is_whiteout(const struct object *object)
{
	return S_ISCHR(object->stat.st_mode) && object->stat.st_rdev == makedev(0, 0);
}

bool object_is_opaque(const struct object *object)
{
	char value[2];
	return object_xattr(object, "trusted.overlay.opaque", value, sizeof value) == 1 && value[0] == 'y';
}

static bool xattr_differs(const struct object *a, const struct object *b, const char *name)
{
	static char values[2][65536];
	long left = object_xattr(a, name, values[0], sizeof values[0]);
	long right = object_xattr(b, name, values[1], sizeof values[1]);
	return left != right || (left > 0 && memcmp(values[0], values[1], (size_t)left) != 0);
}

static bool xattrs_differ(const struct object *a, const struct object *b)
{
	char *names[2];
	size_t left = object_xattrs(a, &names[0]), right = object_xattrs(b, &names[1]);
	bool differs = left != right || (left > 0 && memcmp(names[0], names[1], left) != 0);
	for (size_t at = 0; !differs && at < left; at += strlen(names[0] + at) + 1)
		differs = xattr_differs(a, b, names[0] + at);
	free(names[0]);
	free(names[1]);
	return differs;
}

static bool targets_differ(const struct object *a, const struct object *b)
{
	char left[PATH_MAX], right[PATH_MAX];
	ssize_t lefts = readlinkat(a->parent, a->name, left, sizeof left);
	ssize_t rights = readlinkat(b->parent, b->name, right, sizeof right);
	return lefts < 0 || lefts != rights || memcmp(left, right, (size_t)lefts) != 0;
}

static bool data_differs(const struct object *a, const struct object *b)
{
	static char blocks[2][65536];
	for (off_t at = 0;;) {
		ssize_t left = pread(a->fd, blocks[0], sizeof blocks[0], at);
		ssize_t right = pread(b->fd, blocks[1], sizeof blocks[1], at);
		if (left < 0 || left != right || memcmp(blocks[0], blocks[1], (size_t)left) != 0)
			return true;
		if (left == 0)
			return false;
		at += left;
	}
}

static bool times_differ(const struct stat *a, const struct stat *b)
{
	return a->st_mtim.tv_sec != b->st_mtim.tv_sec || a->st_mtim.tv_nsec != b->st_mtim.tv_nsec;
}

bool object_differs(const struct object *a, const struct object *b, bool exact)
{
	const struct stat *left = &a->stat, *right = &b->stat;
	if (left->st_mode != right->st_mode || left->st_uid != right->st_uid || left->st_gid != right->st_gid ||
	    left->st_rdev != right->st_rdev)
		return true;
	bool is_directory = S_ISDIR(left->st_mode);
	if ((!is_directory || exact) && times_differ(left, right))
		return true;
	if (!is_directory && left->st_size != right->st_size)
		return true;
	if (S_ISLNK(left->st_mode) && targets_differ(a, b))
		return true;
	if (exact ? xattrs_differ(a, b) : xattr_differs(a, b, "security.capability"))
		return true;
	/* Times without a fraction come out of archives: they say little about the bytes. @source containerd continuity fs/diff.go */
	return exact && S_ISREG(left->st_mode) && left->st_mtim.tv_nsec == 0 && data_differs(a, b);
}
