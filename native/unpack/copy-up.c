#include "copy-up.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <unistd.h>

#include "../archive/data.h"
#include "../archive/failure.h"
#include "../archive/xattrs.h"

static uint64_t most_bytes, bytes;

void copy_up_limit(uint64_t most)
{
	most_bytes = most;
}

static int open_below(const struct merged *below, int flags)
{
	int fd = openat(below->parent, below->name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | flags);
	if (fd < 0)
		fail_call("openat(2) in a layer below");
	return fd;
}

/* Owner first: chown(2) clears setuid bits and security.capability. */
static void copy_attributes(const struct stat *status, int from, int to)
{
	if (fchown(to, status->st_uid, status->st_gid) < 0)
		fail_call("fchown(2)");
	if (fchmod(to, status->st_mode & 07777) < 0)
		fail_call("fchmod(2)");
	xattrs_copy(from, to);
}

void copy_up_attributes(const struct merged *below, int directory)
{
	int from = open_below(below, O_DIRECTORY);
	copy_attributes(&below->status, from, directory);
	close(from);
}

static void copy_file(const struct merged *below, const struct place *place, const struct timespec times[2])
{
	const struct stat *status = &below->status;
	bytes += (uint64_t)status->st_size;
	if (most_bytes > 0 && bytes > most_bytes)
		fail("its hard links bring up more than %" PRIu64 " bytes of the layers below (--max-bytes)", most_bytes);
	int from = open_below(below, 0);
	int to = openat(place->parent, place->name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (to < 0)
		fail_call("openat(2)");
	data_copy(from, to, status->st_size);
	copy_attributes(status, from, to);
	if (futimens(to, times) < 0)
		fail_call("futimens(3)");
	close(from);
	close(to);
}

static void copy_symlink(const struct merged *below, const struct place *place)
{
	char target[PATH_MAX];
	ssize_t length = readlinkat(below->parent, below->name, target, sizeof target - 1);
	if (length < 0)
		fail_call("readlinkat(2) in a layer below");
	target[length] = '\0';
	if (symlinkat(target, place->parent, place->name) < 0)
		fail_call("symlinkat(2)");
}

/* What must not be opened: symlinks, devices, fifos, sockets. */
static void copy_special(const struct merged *below, const struct place *place, const struct timespec times[2])
{
	const struct stat *status = &below->status;
	if (S_ISLNK(status->st_mode))
		copy_symlink(below, place);
	else if (mknodat(place->parent, place->name, status->st_mode, status->st_rdev) < 0)
		fail_call("mknodat(2)");
	if (fchownat(place->parent, place->name, status->st_uid, status->st_gid, AT_SYMLINK_NOFOLLOW) < 0)
		fail_call("fchownat(2)");
	/* It was made here a moment ago. */
	if (!S_ISLNK(status->st_mode) && fchmodat(place->parent, place->name, status->st_mode & 07777, 0) < 0)
		fail_call("fchmodat(2)");
	if (utimensat(place->parent, place->name, times, AT_SYMLINK_NOFOLLOW) < 0)
		fail_call("utimensat(2)");
}

void copy_up(const struct merged *below, const struct place *place)
{
	const struct timespec times[2] = { below->status.st_atim, below->status.st_mtim };
	if (S_ISDIR(below->status.st_mode))
		fail("it is a hard link to a directory");
	if (S_ISREG(below->status.st_mode))
		copy_file(below, place, times);
	else
		copy_special(below, place, times);
}
