#include "links.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../archive/failure.h"

struct link {
	struct link *next;
	dev_t device, copy_device;
	ino_t inode, copy_inode;
	char path[];
};

enum { buckets = 4096 };
static struct link *table[buckets];

static struct link *find(const struct stat *source)
{
	for (struct link *one = table[source->st_ino % buckets]; one; one = one->next)
		if (one->inode == source->st_ino && one->device == source->st_dev)
			return one;
	return NULL;
}

bool links_make(struct tree *to, const struct stat *source, int parent, const char *name)
{
	struct link *one = find(source);
	struct stat there;
	if (!one)
		return false;
	/* By its descriptor: a symlink that has come in the way must not give another file a name. */
	char path[64];
	int fd = tree_at(to, one->path, O_PATH | O_NOFOLLOW);
	bool same = fd >= 0 && fstat(fd, &there) == 0 && there.st_ino == one->copy_inode && there.st_dev == one->copy_device;
	snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
	bool made = same && linkat(AT_FDCWD, path, parent, name, AT_SYMLINK_FOLLOW) == 0;
	if (fd >= 0)
		close(fd);
	return made;
}

void links_remember(const struct stat *source, const char *path, int parent, const char *name)
{
	struct stat copy;
	if (find(source) || fstatat(parent, name, &copy, AT_SYMLINK_NOFOLLOW) < 0)
		return;
	struct link *one = malloc(sizeof *one + strlen(path) + 1);
	if (!one)
		fail("out of memory");
	*one = (struct link){ .next = table[source->st_ino % buckets],
		              .device = source->st_dev,
		              .inode = source->st_ino,
		              .copy_device = copy.st_dev,
		              .copy_inode = copy.st_ino };
	strcpy(one->path, path);
	table[source->st_ino % buckets] = one;
}
