#include "usage.h"

#include <dirent.h>
#include <fcntl.h>
#include <search.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../archive/failure.h"

/* Inodes with more than one name. */
static void *linked;

static int compare(const void *a, const void *b)
{
	ino_t one = *(const ino_t *)a, other = *(const ino_t *)b;
	return one < other ? -1 : one > other;
}

static bool is_counted(const struct stat *what)
{
	if (what->st_nlink < 2 || S_ISDIR(what->st_mode))
		return false;
	ino_t *inode = malloc(sizeof *inode);
	if (!inode)
		fail("out of memory");
	*inode = what->st_ino;
	ino_t **found = tsearch(inode, &linked, compare);
	if (!found)
		fail("out of memory");
	bool was_there = *found != inode;
	if (was_there)
		free(inode);
	return was_there;
}

/* @source man stat(2): st_blocks counts 512-byte units */
static void add(const struct stat *what, struct usage *usage)
{
	usage->size_bytes += (uint64_t)what->st_blocks * 512;
	usage->file_bytes += S_ISDIR(what->st_mode) ? 0 : (uint64_t)what->st_size;
	usage->inodes++;
}

/* Closes the directory. */
static void walk(int directory, struct usage *usage)
{
	DIR *children = fdopendir(directory);
	if (!children)
		fail_call("fdopendir(3)");
	for (struct dirent *child; (child = readdir(children));) {
		struct stat what;
		if (strcmp(child->d_name, ".") == 0 || strcmp(child->d_name, "..") == 0)
			continue;
		if (fstatat(directory, child->d_name, &what, AT_SYMLINK_NOFOLLOW) < 0)
			fail_call("fstatat(2)");
		if (is_counted(&what))
			continue;
		add(&what, usage);
		if (!S_ISDIR(what.st_mode))
			continue;
		int fd = openat(directory, child->d_name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		if (fd < 0)
			fail_call("openat(2)");
		walk(fd, usage);
	}
	closedir(children);
}

void usage_of(int directory, struct usage *usage)
{
	struct stat what;
	int own = openat(directory, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (own < 0 || fstat(own, &what) < 0)
		fail_call("openat(2)");
	*usage = (struct usage){ 0 };
	add(&what, usage);
	walk(own, usage);
}
