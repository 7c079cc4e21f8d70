#include "entry.h"

#include <archive_entry.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "../archive/failure.h"
#include "links.h"

enum { buffer_size = 1 << 20 };
static char buffer[buffer_size];
static const char zeros[buffer_size];

/* A name that is no UTF-8 goes out as its bytes, with a warning: that is what Linux has. */
static void write_header(struct packing *packing, struct archive_entry *entry)
{
	int result = archive_write_header(packing->tar, entry);
	const char *message = archive_error_string(packing->tar);
	if (result != ARCHIVE_OK && !(result == ARCHIVE_WARN && message && strstr(message, "translate")))
		fail("writing its header: %s", message ? message : "no reason given");
	packing->entries++;
}

static void put(struct packing *packing, const char *bytes, size_t length)
{
	while (length > 0) {
		la_ssize_t n = archive_write_data(packing->tar, bytes, length);
		if (n <= 0)
			fail("writing its data: %s", archive_error_string(packing->tar));
		bytes += n, length -= (size_t)n;
	}
}

/* A hole costs nothing here: the archive has been told of it and drops these zeros. */
static void put_zeros(struct packing *packing, off_t length)
{
	for (; length > 0; length -= length < buffer_size ? length : buffer_size)
		put(packing, zeros, (size_t)(length < buffer_size ? length : buffer_size));
}

static off_t put_range(struct packing *packing, int fd, off_t at, off_t end)
{
	while (at < end) {
		size_t wanted = (size_t)(end - at < buffer_size ? end - at : buffer_size);
		ssize_t n = pread(fd, buffer, wanted, at);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			fail_call("pread(2)");
		if (n == 0)
			return at;
		put(packing, buffer, (size_t)n);
		at += n;
	}
	return at;
}

/* The size of the header is a promise: a file that shrinks is filled up, one that grows is cut. */
static void put_data(struct packing *packing, const struct object *object, struct archive_entry *entry)
{
	off_t at = 0, size = object->stat.st_size;
	int64_t offset, length;
	if (archive_entry_sparse_reset(entry) == 0)
		at = put_range(packing, object->fd, 0, size);
	while (archive_entry_sparse_next(entry, &offset, &length) == ARCHIVE_OK) {
		put_zeros(packing, offset - at);
		at = put_range(packing, object->fd, offset, offset + length);
		if (at < offset + length)
			break;
	}
	bool is_sparse = archive_entry_sparse_count(entry) > 0;
	if (at < size && !is_sparse)
		packing->changed++;
	put_zeros(packing, size - at);
}

static void set_sparse(struct archive_entry *entry, const char *path, const struct object *object)
{
	off_t size = object->stat.st_size, data = 0;
	/* libarchive 3.6 cuts the name of a sparse file to 100 bytes when it is no UTF-8: then the zeros go out. */
	if (mbstowcs(NULL, path, 0) == (size_t)-1)
		return;
	/* What the file system stores inline has no blocks either, and no holes. */
	if (object->stat.st_blocks * 512 >= size || lseek(object->fd, 0, SEEK_HOLE) >= size)
		return;
	while ((data = lseek(object->fd, data, SEEK_DATA)) >= 0 && data < size) {
		off_t hole = lseek(object->fd, data, SEEK_HOLE);
		if (hole < 0 || hole > size)
			hole = size;
		archive_entry_sparse_add_entry(entry, data, hole - data);
		data = hole;
	}
	/* Nothing but a hole. */
	if (archive_entry_sparse_count(entry) == 0)
		archive_entry_sparse_add_entry(entry, 0, 0);
}

static void set_xattrs(struct archive_entry *entry, const struct object *object)
{
	static char value[65536];
	char *names;
	size_t length = object_xattrs(object, &names);
	/* libarchive keeps them as a stack. */
	for (size_t end = length; end > 0;) {
		size_t at = end - 1;
		while (at > 0 && names[at - 1] != '\0')
			at--;
		if (strchr(names + at, '='))
			fail("its attribute \"%s\" has a \"=\" in its name, which a tar archive cannot say", names + at);
		long size = object_xattr(object, names + at, value, sizeof value);
		if (size >= 0)
			archive_entry_xattr_add_entry(entry, names + at, value, (size_t)size);
		end = at;
	}
	free(names);
}

static void set_link(struct archive_entry *entry, const struct object *object)
{
	char target[PATH_MAX];
	ssize_t length = readlinkat(object->parent, object->name, target, sizeof target - 1);
	if (length < 0)
		fail_call("readlinkat(2)");
	target[length] = '\0';
	archive_entry_set_symlink(entry, target);
}

/*
 * Before 1970 libarchive writes seconds and nanoseconds one behind the other: -2 s and half a second after that, which is -1.5, would be
 * "-2.5". So it is given what it has to write. In the last second before 1970 the sign is lost: the fraction is left out there.
 */
static struct timespec time_of(const struct packing *packing, const struct stat *stat)
{
	struct timespec time = stat->st_mtim;
	if (time.tv_sec >= packing->clamp_seconds)
		return (struct timespec){ .tv_sec = packing->clamp_seconds };
	if (time.tv_sec == -1)
		return (struct timespec){ .tv_sec = -1 };
	if (time.tv_sec < 0 && time.tv_nsec > 0)
		return (struct timespec){ .tv_sec = time.tv_sec + 1, .tv_nsec = 1000000000 - time.tv_nsec };
	return time;
}

static struct archive_entry *describe(const struct packing *packing, const char *path, const struct object *object)
{
	const struct stat *stat = &object->stat;
	struct archive_entry *entry = archive_entry_new();
	if (!entry)
		fail("out of memory");
	archive_entry_set_pathname(entry, path);
	archive_entry_set_mode(entry, stat->st_mode);
	archive_entry_set_uid(entry, stat->st_uid);
	archive_entry_set_gid(entry, stat->st_gid);
	struct timespec time = time_of(packing, stat);
	archive_entry_set_mtime(entry, time.tv_sec, time.tv_nsec);
	archive_entry_set_size(entry, S_ISREG(stat->st_mode) ? stat->st_size : 0);
	if (S_ISCHR(stat->st_mode) || S_ISBLK(stat->st_mode)) {
		archive_entry_set_rdevmajor(entry, major(stat->st_rdev));
		archive_entry_set_rdevminor(entry, minor(stat->st_rdev));
	}
	return entry;
}

void entry_write(struct packing *packing, const char *path, const struct object *object)
{
	const struct stat *stat = &object->stat;
	failure_entry(path);
	if (S_ISSOCK(stat->st_mode)) {
		packing->sockets++;
		return;
	}
	struct archive_entry *entry = describe(packing, path, object);
	const char *first = S_ISDIR(stat->st_mode) || stat->st_nlink < 2 ? NULL : links_first(stat, path);
	if (first) {
		archive_entry_set_size(entry, 0);
		archive_entry_set_hardlink(entry, first);
	} else {
		set_xattrs(entry, object);
		if (S_ISLNK(stat->st_mode))
			set_link(entry, object);
		if (S_ISREG(stat->st_mode))
			set_sparse(entry, path, object);
	}
	write_header(packing, entry);
	if (!first && S_ISREG(stat->st_mode))
		put_data(packing, object, entry);
	archive_entry_free(entry);
	failure_entry(NULL);
}

void entry_write_mark(struct packing *packing, const char *path)
{
	struct archive_entry *entry = archive_entry_new();
	if (!entry)
		fail("out of memory");
	archive_entry_set_pathname(entry, path);
	archive_entry_set_mode(entry, S_IFREG | 0600);
	archive_entry_set_mtime(entry, 0, 0);
	write_header(packing, entry);
	archive_entry_free(entry);
}
