#include "attributes.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../archive/failure.h"
#include "../archive/xattrs.h"

static uid_t uid_of(const struct stat *status, const struct arguments *arguments)
{
	return arguments->has_owner ? arguments->uid : arguments->owned_by_root ? 0 : status->st_uid;
}

static gid_t gid_of(const struct stat *status, const struct arguments *arguments)
{
	return arguments->has_owner ? arguments->gid : arguments->owned_by_root ? 0 : status->st_gid;
}

/* Owner first: chown(2) clears setuid bits and security.capability. */
void set_attributes(int from, int to, const struct stat *status, const struct arguments *arguments)
{
	if (fchown(to, uid_of(status, arguments), gid_of(status, arguments)) < 0)
		fail_call("fchown(2)");
	if (fchmod(to, arguments->has_mode ? arguments->mode : status->st_mode & 07777) < 0)
		fail_call("fchmod(2)");
	xattrs_copy(from, to);
}

static void times_of(const struct stat *status, int64_t newest, struct timespec times[2])
{
	times[0] = status->st_atim;
	times[1] = status->st_mtim;
	for (int i = 0; i < 2; i++)
		if (times[i].tv_sec >= newest)
			times[i] = (struct timespec){ .tv_sec = newest };
}

void set_attributes_at(int parent, const char *name, const struct stat *status, const struct arguments *arguments)
{
	struct timespec times[2];
	if (fchownat(parent, name, uid_of(status, arguments), gid_of(status, arguments), AT_SYMLINK_NOFOLLOW) < 0)
		fail_call("fchownat(2)");
	/* It was made here a moment ago; the call follows no symlink. */
	if (!S_ISLNK(status->st_mode) && arguments->has_mode &&
	    fchmodat(parent, name, arguments->mode, AT_SYMLINK_NOFOLLOW) < 0 && errno != ENOTSUP)
		fail_call("fchmodat(2)");
	times_of(status, arguments->newest, times);
	if (utimensat(parent, name, times, AT_SYMLINK_NOFOLLOW) < 0)
		fail_call("utimensat(2)");
}

void set_times(int to, const struct stat *status, int64_t newest)
{
	struct timespec times[2];
	times_of(status, newest, times);
	if (futimens(to, times) < 0)
		fail_call("futimens(3)");
}

struct remembered {
	char *path;
	dev_t device;
	ino_t inode;
	struct timespec times[2];
};

struct list {
	struct remembered *items;
	size_t count, capacity;
};

/* Those touched first: one that has times of its own gets these in the end. */
static struct list touched, directories;

static void remember(struct list *list, const char *path, int to, const struct timespec times[2])
{
	struct stat made;
	if (fstat(to, &made) < 0)
		fail_call("fstat(2)");
	if (list->count == list->capacity) {
		list->capacity = list->capacity ? list->capacity * 2 : 256;
		list->items = realloc(list->items, list->capacity * sizeof *list->items);
	}
	char *own = strdup(path);
	if (!list->items || !own)
		fail("out of memory");
	list->items[list->count++] = (struct remembered){ .path = own,
		                                           .device = made.st_dev,
		                                           .inode = made.st_ino,
		                                           .times = { times[0], times[1] } };
}

void directory_times(const char *path, int to, const struct stat *status, int64_t newest)
{
	struct timespec times[2];
	times_of(status, newest, times);
	remember(&directories, path, to, times);
}

void directory_touched(const char *child, int directory, int64_t newest)
{
	const char *slash = strrchr(child, '/');
	size_t length = slash ? (size_t)(slash - child) : 0;
	char path[PATH_MAX];
	if (newest == INT64_MAX)
		return;
	memcpy(path, child, length);
	path[length] = '\0';
	if (touched.count > 0 && strcmp(touched.items[touched.count - 1].path, path) == 0)
		return;
	const struct timespec times[2] = { { .tv_sec = newest }, { .tv_sec = newest } };
	remember(&touched, path, directory, times);
}

/* Each is looked up anew; one that is another by now is left alone. */
static void apply(const struct tree *to, struct list *list)
{
	for (size_t i = 0; i < list->count; i++) {
		struct remembered *one = &list->items[i];
		struct stat what;
		int fd = tree_at(to, one->path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
		if (fd >= 0 && fstat(fd, &what) == 0 && what.st_ino == one->inode && what.st_dev == one->device &&
		    futimens(fd, one->times) < 0)
			fail_call("futimens(3)");
		if (fd >= 0)
			close(fd);
		free(one->path);
	}
	free(list->items);
}

void directory_times_apply(const struct tree *to)
{
	apply(to, &touched);
	apply(to, &directories);
}
