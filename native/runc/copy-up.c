/*
 * A tmpfs that begins with what it covers (option tmpcopyup). The covered directory is opened before the mount and read after it: a
 * descriptor looks beneath a mount. Links are copied as links, so nothing is followed; sockets are left out, nobody listens on a copy.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "executor.h"
#include "mount.h"
#include "root.h"

enum { DEEPEST = 64 };

/* One entry, by name in two directories. */
struct entry {
	int from, to;
	const char *name;
	struct stat status;
};

static int copy_contents(int from, int to, unsigned depth)
{
	char bytes[8192];
	ssize_t got;
	(void)depth;
	while ((got = read(from, bytes, sizeof bytes)) > 0)
		for (ssize_t done = 0, wrote; done < got; done += wrote)
			if ((wrote = write(to, bytes + done, (size_t)(got - done))) < 0)
				return -1;
	return got < 0 ? -1 : 0;
}

struct way {
	int from, to; /* flags of open(2) */
	int (*copy)(int from, int to, unsigned depth);
};

/* Opens the entry on both sides, and copies. */
static int copy_opened(const struct entry *entry, struct way way, unsigned depth)
{
	int from = openat(entry->from, entry->name, way.from | O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	int to = from < 0 ? -1 : openat(entry->to, entry->name, way.to | O_NOFOLLOW | O_CLOEXEC, 0600);
	int result = to < 0 ? -1 : way.copy(from, to, depth), number = errno;
	if (from >= 0)
		close(from);
	if (to >= 0)
		close(to);
	errno = number;
	return result;
}

static int copy_link(const struct entry *entry)
{
	char text[PATH_MAX];
	ssize_t length = readlinkat(entry->from, entry->name, text, sizeof text - 1);
	if (length < 0)
		return -1;
	text[length] = '\0';
	return symlinkat(text, entry->to, entry->name);
}

/*
 * Owner before mode, since a change of owner clears set-user-ID. Who is not mapped (EINVAL) cannot own the copy: its maker does, and
 * then it must not run with the maker's rights.
 */
static int copy_attributes(const struct entry *entry)
{
	const struct stat *status = &entry->status;
	struct timespec times[2] = { status->st_atim, status->st_mtim };
	mode_t mode = status->st_mode & 07777;
	if (fchownat(entry->to, entry->name, status->st_uid, status->st_gid, AT_SYMLINK_NOFOLLOW) < 0) {
		if (errno != EINVAL)
			return -1;
		mode &= (mode_t)~(S_ISUID | S_ISGID);
	}
	if (!S_ISLNK(status->st_mode) && fchmodat(entry->to, entry->name, mode, 0) < 0)
		return -1;
	return utimensat(entry->to, entry->name, times, AT_SYMLINK_NOFOLLOW);
}

static int copy_directory(int from, int to, unsigned depth);

static int copy_entry(struct entry *entry, unsigned depth)
{
	int result;
	if (fstatat(entry->from, entry->name, &entry->status, AT_SYMLINK_NOFOLLOW) < 0)
		return -1;
	mode_t mode = entry->status.st_mode;
	if (S_ISSOCK(mode))
		return 0;
	if (S_ISDIR(mode)) {
		struct way way = { O_DIRECTORY, O_RDONLY | O_DIRECTORY, copy_directory };
		result = mkdirat(entry->to, entry->name, 0700) < 0 ? -1 : copy_opened(entry, way, depth + 1);
	} else if (S_ISREG(mode))
		result = copy_opened(entry, (struct way){ O_NONBLOCK, O_WRONLY | O_CREAT | O_EXCL, copy_contents }, depth);
	else if (S_ISLNK(mode))
		result = copy_link(entry);
	else
		result = mknodat(entry->to, entry->name, mode, entry->status.st_rdev);
	return result < 0 ? -1 : copy_attributes(entry);
}

static int copy_directory(int from, int to, unsigned depth)
{
	_Alignas(struct dirent) char entries[4096];
	long got;
	if (depth == DEEPEST) {
		errno = ELOOP;
		return -1;
	}
	while ((got = syscall(SYS_getdents64, from, entries, sizeof entries)) > 0) {
		for (long at = 0; at < got;) {
			const struct dirent *found = (const struct dirent *)(const void *)(entries + at);
			struct entry entry = { .from = from, .to = to, .name = found->d_name };
			at += found->d_reclen;
			if (strcmp(entry.name, ".") != 0 && strcmp(entry.name, "..") != 0 && copy_entry(&entry, depth) < 0)
				return -1;
		}
	}
	return got < 0 ? -1 : 0;
}

static int copy_up(struct executor *executor, int covered, const struct wanted *wanted, int mounted)
{
	int to = openat(mounted, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC), result = -1;
	if (to < 0)
		FAIL_CALL(executor, "openat(2)", "copying \"%s\" into its tmpfs", wanted->target);
	else if (copy_directory(covered, to, 0) < 0)
		FAIL_CALL(executor, "openat(2)", "copying \"%s\" into its tmpfs", wanted->target);
	else
		result = 0;
	if (to >= 0)
		close(to);
	return result;
}

/* @source oci-runtime config#linux-mount-options */
int op_tmpfs_copy_up(struct executor *executor, const struct operation *operation)
{
	const union value *arguments = operation->arguments;
	struct wanted wanted = {
		.source = arguments[TMPFS_COPY_UP_SOURCE].string,
		.target = arguments[TMPFS_COPY_UP_TARGET].string,
		.fstype = "tmpfs",
		.data = arguments[TMPFS_COPY_UP_DATA].string,
		.flags = (unsigned long)arguments[TMPFS_COPY_UP_FLAGS].number,
		.propagation = (unsigned long)arguments[TMPFS_COPY_UP_PROPAGATION].number,
	};
	int covered = root_open(executor, wanted.target, O_RDONLY | O_DIRECTORY);
	if (covered < 0 && errno != ENOENT)
		return FAIL_CALL(executor, "openat2(2)", "opening \"%s\", which its tmpfs will cover", wanted.target);
	int mounted = -1;
	int result = mount_filesystem(executor, &wanted, covered < 0 ? NULL : &mounted);
	if (covered < 0)
		return result;
	if (result == 0)
		result = copy_up(executor, covered, &wanted, mounted);
	if (mounted >= 0)
		close(mounted);
	close(covered);
	return result;
}
