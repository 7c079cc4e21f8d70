#include "extract.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "../archive/data.h"
#include "../archive/failure.h"
#include "hide.h"
#include "times.h"
#include "tree.h"
#include "whiteout.h"

static void set_xattr(struct extraction *extraction, int fd, const struct place *link, struct archive_entry *entry)
{
	const char *name;
	const void *value;
	size_t size;
	while (archive_entry_xattr_next(entry, &name, &value, &size) == ARCHIVE_OK) {
		/* An image must not steer the overlay that it is mounted with. */
		if (strncmp(name, "trusted.overlay.", 16) == 0 || strncmp(name, "user.overlay.", 13) == 0) {
			extraction->skipped_xattrs++;
			continue;
		}
		int result;
		if (fd >= 0)
			result = fsetxattr(fd, name, value, size, 0);
		else
			result = fchdir(link->parent) < 0 ? -1 : lsetxattr(link->name, name, value, size, 0);
		if (result < 0 && (errno == ENOTSUP || (errno == EPERM && extraction->ownership == owner_mine)))
			extraction->skipped_xattrs++;
		else if (result < 0)
			fail_call("setxattr(2)");
	}
}

static uid_t checked_id(const char *what, int64_t id)
{
	/* The highest is -1, which chown(2) takes for "leave it". */
	if (id < 0 || id >= UINT32_MAX)
		fail("its %s is %lld, expected 0 to 4294967294", what, (long long)id);
	return (uid_t)id;
}

struct owner {
	uid_t uid;
	gid_t gid;
};

/* -1 leaves it. */
static struct owner owner_of(const struct extraction *extraction, struct archive_entry *entry)
{
	if (extraction->ownership == owner_mine)
		return (struct owner){ (uid_t)-1, (gid_t)-1 };
	if (extraction->ownership == owner_given)
		return (struct owner){ extraction->uid, extraction->gid };
	return (struct owner){ checked_id("owner", archive_entry_uid(entry)), checked_id("group", archive_entry_gid(entry)) };
}

/* Owner first: chown(2) clears setuid bits and security.capability. Times last: everything else changes them. */
static void set_attributes(struct extraction *extraction, int fd, struct archive_entry *entry)
{
	struct owner owner = owner_of(extraction, entry);
	if (fchown(fd, owner.uid, owner.gid) < 0)
		fail_call("fchown(2)");
	if (fchmod(fd, archive_entry_perm(entry) & 07777) < 0)
		fail_call("fchmod(2)");
	if (archive_entry_xattr_reset(entry) > 0)
		set_xattr(extraction, fd, NULL, entry);
	struct timespec times[2];
	times_of(entry, times);
	if (!S_ISDIR(archive_entry_filetype(entry)) && futimens(fd, times) < 0)
		fail_call("futimens(3)");
}

/* For what must not be opened: symlinks and devices. chown(2) takes the setuid bits that they were made with. */
static void set_attributes_at(struct extraction *extraction, const struct place *place, struct archive_entry *entry)
{
	struct owner owner = owner_of(extraction, entry);
	if (fchownat(place->parent, place->name, owner.uid, owner.gid, AT_SYMLINK_NOFOLLOW) < 0)
		fail_call("fchownat(2)");
	if (archive_entry_filetype(entry) != AE_IFLNK &&
	    fchmodat(place->parent, place->name, archive_entry_perm(entry) & 07777, 0) < 0)
		fail_call("fchmodat(2)");
	if (archive_entry_xattr_reset(entry) > 0)
		set_xattr(extraction, -1, place, entry);
	struct timespec times[2];
	times_of(entry, times);
	if (utimensat(place->parent, place->name, times, AT_SYMLINK_NOFOLLOW) < 0)
		fail_call("utimensat(2)");
}

static void copy_data(struct archive *tar, int fd, int64_t size)
{
	const void *bytes;
	size_t length;
	int64_t offset, end = 0;
	int result;
	while ((result = archive_read_data_block(tar, &bytes, &length, &offset)) == ARCHIVE_OK) {
		data_write(fd, bytes, length, offset);
		if (length > 0)
			end = offset + (int64_t)length;
	}
	if (result != ARCHIVE_EOF)
		fail("reading its data: %s", archive_error_string(tar));
	/* A sparse file may end in a hole. */
	if (end < size && ftruncate(fd, size) < 0)
		fail_call("ftruncate(2)");
}

static int open_new(const struct place *place)
{
	return openat(place->parent, place->name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
}

static void make_file(struct extraction *extraction, const struct place *place, struct archive *tar,
                      struct archive_entry *entry)
{
	int fd = open_new(place);
	if (fd < 0 && errno == EEXIST) {
		tree_remove(place);
		fd = open_new(place);
	}
	if (fd < 0)
		fail_call("openat(2)");
	copy_data(tar, fd, archive_entry_size(entry));
	set_attributes(extraction, fd, entry);
	close(fd);
}

/* Where layers lie upon each other, the upper directory's attributes are all that is seen. Whether it is opaque stays: a whiteout said so. */
static void remove_xattrs(int fd)
{
	char names[65536]; /* XATTR_LIST_MAX */
	ssize_t length = flistxattr(fd, names, sizeof names);
	for (ssize_t at = 0; at < length; at += (ssize_t)strlen(names + at) + 1)
		if (strncmp(names + at, "trusted.overlay.", 16) != 0)
			fremovexattr(fd, names + at); /* some are not ours to remove: those are the file system's */
}

static void make_directory(struct extraction *extraction, const struct place *place, struct archive_entry *entry)
{
	bool was_whiteout = false;
	int fd = openat(place->parent, place->name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0) {
		if (errno != ENOENT)
			was_whiteout = tree_remove(place);
		if (mkdirat(place->parent, place->name, 0700) < 0)
			fail_call("mkdirat(2)");
		fd = openat(place->parent, place->name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	} else if (extraction->is_first) {
		remove_xattrs(fd);
	}
	if (fd < 0)
		fail_call("openat(2)");
	if (was_whiteout)
		whiteout_opaque(fd);
	set_attributes(extraction, fd, entry);
	times_remember(archive_entry_pathname(entry), fd, entry);
	close(fd);
}

/* link(2), symlink(2) and mknod(2) alike refuse a name that exists; then what is there goes and the call is made again. */
static int make_once(const struct place *place, struct archive_entry *entry, const struct place *target)
{
	mode_t type = archive_entry_filetype(entry), mode = archive_entry_perm(entry) & 07777;
	if (target)
		return linkat(target->parent, target->name, place->parent, place->name, 0);
	if (type == S_IFLNK)
		return symlinkat(archive_entry_symlink(entry), place->parent, place->name);
	return mknodat(place->parent, place->name, type | mode,
	               type == S_IFIFO ? 0 : makedev(archive_entry_rdevmajor(entry), archive_entry_rdevminor(entry)));
}

static void make_special(const struct place *place, struct archive_entry *entry, const struct place *target,
                         const char *call)
{
	if (make_once(place, entry, target) == 0)
		return;
	if (errno != EEXIST)
		fail_call(call);
	tree_remove(place);
	if (make_once(place, entry, target) < 0)
		fail_call(call);
}

static void make_hard_link(const struct extraction *extraction, const struct place *place, struct archive_entry *entry, const char *to)
{
	struct place target = tree_target(to), own = *place;
	if (target.is_top)
		fail("it is a hard link to a directory");
	/* The second lookup may have closed the first's parent. */
	target.parent = dup(target.parent);
	own.parent = tree_place(archive_entry_pathname(entry), true).parent;
	struct stat a, b;
	if (fstatat(target.parent, target.name, &b, AT_SYMLINK_NOFOLLOW) < 0 ||
	    (extraction->whiteouts == whiteouts_overlay && whiteout_is_made(&b))) {
		errno = ENOENT;
		fail_call("linkat(2)");
	}
	bool same = fstatat(own.parent, own.name, &a, AT_SYMLINK_NOFOLLOW) == 0 && a.st_ino == b.st_ino &&
	            a.st_dev == b.st_dev;
	if (!same)
		make_special(&own, entry, &target, "linkat(2)");
	close(target.parent);
}

static void extract_at(struct extraction *extraction, const struct place *place, struct archive *tar,
                       struct archive_entry *entry)
{
	mode_t type = archive_entry_filetype(entry);
	if (place->is_top && type != S_IFDIR)
		fail("it would replace the directory itself");
	if (type == S_IFREG) {
		make_file(extraction, place, tar, entry);
	} else if (type == S_IFDIR) {
		make_directory(extraction, place, entry);
	} else if (type == S_IFLNK && (!archive_entry_symlink(entry) || !*archive_entry_symlink(entry))) {
		fail("it is a symlink to nothing");
	} else if (type == S_IFLNK || type == S_IFCHR || type == S_IFBLK || type == S_IFIFO) {
		make_special(place, entry, NULL, type == S_IFLNK ? "symlinkat(2)" : "mknodat(2)");
		set_attributes_at(extraction, place, entry);
	} else {
		fail("its type is %o, expected file, directory, link, device or fifo", (unsigned)type);
	}
}

/* @source docker pkg/archive NoOverwriteDirNonDir: its words */
static void check_kind(const struct place *place, struct archive_entry *entry)
{
	struct stat stat;
	if (fstatat(place->parent, place->name, &stat, AT_SYMLINK_NOFOLLOW) < 0)
		return;
	bool is_directory = archive_entry_filetype(entry) == AE_IFDIR && !archive_entry_hardlink(entry);
	if (S_ISDIR(stat.st_mode) && !is_directory)
		fail("cannot overwrite directory with non-directory");
	if (!S_ISDIR(stat.st_mode) && is_directory)
		fail("cannot overwrite non-directory with directory");
}

static bool is_device(struct archive_entry *entry)
{
	mode_t type = archive_entry_filetype(entry);
	return !archive_entry_hardlink(entry) && (type == S_IFCHR || type == S_IFBLK);
}

void extract_entry(struct extraction *extraction, struct archive *tar, struct archive_entry *entry)
{
	const char *path = archive_entry_pathname(entry);
	if (!path)
		fail("an entry has no name that can be read");
	failure_entry(path);
	if (extraction->skip_devices && is_device(entry)) {
		failure_entry(NULL);
		return;
	}
	struct place place = tree_place(path, true);
	const char *hard_link = archive_entry_hardlink(entry);
	if (extraction->keep_kind)
		check_kind(&place, entry);
	bool is_whiteout = extraction->whiteouts != whiteouts_literal && whiteout_is(place.name);
	if (!is_whiteout) {
		extraction->is_first = !hide_is_brought(&place);
		hide_remember(&place);
	}
	if (is_whiteout)
		whiteout_make(&place, extraction->whiteouts);
	else if (hard_link)
		make_hard_link(extraction, &place, entry, hard_link);
	else
		extract_at(extraction, &place, tar, entry);
	failure_entry(NULL);
}

void extract_finish(void)
{
	times_apply();
}
