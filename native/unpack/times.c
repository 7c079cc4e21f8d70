#include "times.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../archive/failure.h"
#include "tree.h"

struct remembered {
	char *path;
	dev_t device;
	ino_t inode;
	struct timespec times[2];
};

/* Paths compress well and are kept until the end: a small layer must not fill the memory with them. */
enum { most_path_bytes = 128 << 20 };

static struct {
	struct remembered *items;
	size_t count, capacity, path_bytes;
} directories;

/* Before 1970 libarchive reads "-1.5" as -1 s and half a second after that; meant is half a second before. @source POSIX pax, libarchive pax_time */
static struct timespec time_of(time_t seconds, long nanoseconds)
{
	if (seconds < 0 && nanoseconds > 0)
		return (struct timespec){ .tv_sec = seconds - 1, .tv_nsec = 1000000000 - nanoseconds };
	return (struct timespec){ .tv_sec = seconds, .tv_nsec = nanoseconds };
}

void times_of(struct archive_entry *entry, struct timespec times[2])
{
	times[1] = time_of(archive_entry_mtime(entry), archive_entry_mtime_nsec(entry));
	times[0] = times[1];
	if (archive_entry_atime_is_set(entry))
		times[0] = time_of(archive_entry_atime(entry), archive_entry_atime_nsec(entry));
}

void times_remember(const char *path, int fd, struct archive_entry *entry)
{
	struct stat what;
	char clean[PATH_MAX];
	if (fstat(fd, &what) < 0)
		fail_call("fstat(2)");
	if (directories.count == directories.capacity) {
		directories.capacity = directories.capacity ? directories.capacity * 2 : 256;
		directories.items = realloc(directories.items, directories.capacity * sizeof *directories.items);
		if (!directories.items)
			fail("out of memory");
	}
	tree_clean(path, clean);
	directories.path_bytes += strlen(clean) + 1;
	if (directories.path_bytes > most_path_bytes)
		fail("the paths of the layer's directories take more than %d MiB", most_path_bytes >> 20);
	struct remembered *one = &directories.items[directories.count++];
	*one = (struct remembered){ .path = strdup(clean), .device = what.st_dev, .inode = what.st_ino };
	if (!one->path)
		fail("out of memory");
	times_of(entry, one->times);
}

/* Each is looked up anew; one that a later entry has replaced is no longer the same inode and is left alone. */
void times_apply(void)
{
	for (size_t i = 0; i < directories.count; i++) {
		struct remembered *one = &directories.items[i];
		struct stat what;
		int fd = tree_directory(one->path);
		if (fd >= 0 && fstat(fd, &what) == 0 && what.st_ino == one->inode && what.st_dev == one->device &&
		    futimens(fd, one->times) < 0) {
			failure_entry(one->path);
			fail_call("futimens(3)");
		}
		if (fd >= 0)
			close(fd);
		free(one->path);
		one->path = NULL;
	}
	free(directories.items);
	memset(&directories, 0, sizeof directories);
}
