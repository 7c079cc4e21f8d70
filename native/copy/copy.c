/*
 * `copy`: entries of one tree into another. Requests:
 *   P dst        the directory and what is missing above it, mode 0755
 *   D src dst    a directory; what is there stays, and takes the source's mode, owner and times
 *   E src dst    anything else: a file replaces what is there, unless that is a directory
 * Directories come before what is in them; their times are set last. Hard links among the files of one run stay hard links.
 * One answer at the end: the numbers of entries and of bytes.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../archive/data.h"
#include "../archive/failure.h"
#include "attributes.h"
#include "links.h"
#include "request.h"
#include "tree.h"
#include "verbs.h"

static struct {
	const struct arguments *arguments;
	struct tree from, to;
	uint64_t entries, bytes;
} job;

static void make_parent(const char *path)
{
	struct stat status;
	char name[NAME_MAX + 1];
	int fd = tree_at(&job.to, path, O_PATH | O_DIRECTORY);
	if (fd >= 0) {
		close(fd);
		return;
	}
	if (errno == ENOTDIR)
		fail("cannot copy to non-directory: /%s", path);
	if (errno != ENOENT)
		fail_call("openat2(2)");
	int parent = tree_parent(&job.to, path, name);
	if (mkdirat(parent, name, 0755) < 0)
		fail_call("mkdirat(2)");
	directory_touched(path, parent, job.arguments->newest);
	fd = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &status) < 0)
		fail_call("openat(2)");
	if (fchown(fd, job.arguments->has_owner ? job.arguments->uid : 0, job.arguments->has_owner ? job.arguments->gid : 0) < 0)
		fail_call("fchown(2)");
	if (job.arguments->newest != INT64_MAX)
		directory_times(path, fd, &status, job.arguments->newest);
	close(fd);
}

static void make_parents(const char *path)
{
	char part[PATH_MAX];
	if (strlen(path) >= sizeof part)
		fail("its path is longer than %d bytes", PATH_MAX - 1);
	strcpy(part, path);
	for (char *slash = part; *slash; slash++) {
		slash += strcspn(slash, "/");
		bool is_last = *slash == '\0';
		*slash = '\0';
		make_parent(part);
		if (is_last)
			return;
		*slash = '/';
	}
}

static void copy_directory(const char *source, const char *path)
{
	char name[NAME_MAX + 1];
	struct stat status, there;
	int from = tree_at(&job.from, source, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
	if (from < 0 || fstat(from, &status) < 0)
		fail_call("openat2(2) of the source");
	int parent = path[0] ? tree_parent(&job.to, path, name) : job.to.root;
	if (!path[0])
		strcpy(name, ".");
	bool exists = fstatat(parent, name, &there, AT_SYMLINK_NOFOLLOW) == 0;
	if (exists && !S_ISDIR(there.st_mode))
		fail("cannot copy to non-directory: /%s", path);
	if (!exists && mkdirat(parent, name, 0700) < 0)
		fail_call("mkdirat(2)");
	if (!exists)
		directory_touched(path, parent, job.arguments->newest);
	int to = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (to < 0)
		fail_call("openat(2)");
	set_attributes(from, to, &status, job.arguments);
	directory_times(path, to, &status, job.arguments->newest);
	close(from);
	close(to);
}

static void copy_file(const char *source, int parent, const char *name, const struct stat *found)
{
	struct stat status;
	if (found->st_nlink > 1 && links_make(&job.to, found, parent, name))
		return;
	int from = open_regular(&job.from, source);
	if (from < 0 || fstat(from, &status) < 0)
		fail("it is no regular file any more");
	int to = openat(parent, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (to < 0)
		fail_call("openat(2)");
	job.bytes += data_copy(from, to, status.st_size);
	set_attributes(from, to, &status, job.arguments);
	set_times(to, &status, job.arguments->newest);
	close(from);
	close(to);
}

/* Symlinks and devices: never opened. */
static void copy_special(const char *source, int parent, const char *name, const struct stat *status)
{
	if (S_ISLNK(status->st_mode)) {
		char target[PATH_MAX], own[NAME_MAX + 1];
		int from = tree_parent(&job.from, source, own);
		ssize_t length = readlinkat(from, own, target, sizeof target - 1);
		if (length < 0)
			fail_call("readlinkat(2)");
		target[length] = '\0';
		if (symlinkat(target, parent, name) < 0)
			fail_call("symlinkat(2)");
	} else if (mknodat(parent, name, status->st_mode & (S_IFMT | 07777), status->st_rdev) < 0) {
		fail_call("mknodat(2)");
	}
	set_attributes_at(parent, name, status, job.arguments);
}

static void copy_entry(const char *source, const char *path)
{
	char own[NAME_MAX + 1], name[NAME_MAX + 1];
	struct stat status, there;
	int from = tree_parent(&job.from, source, own);
	if (fstatat(from, own, &status, AT_SYMLINK_NOFOLLOW) < 0)
		fail_call("fstatat(2) of the source");
	if (S_ISDIR(status.st_mode))
		fail("it has become a directory while it was copied");
	if (!path[0])
		fail("cannot replace to directory / with file");
	int parent = tree_parent(&job.to, path, name);
	directory_touched(path, parent, job.arguments->newest);
	if (fstatat(parent, name, &there, AT_SYMLINK_NOFOLLOW) == 0) {
		if (S_ISDIR(there.st_mode))
			fail("cannot replace to directory /%s with file", path);
		if (unlinkat(parent, name, 0) < 0)
			fail_call("unlinkat(2)");
	}
	if (S_ISREG(status.st_mode))
		copy_file(source, parent, name, &status);
	else
		copy_special(source, parent, name, &status);
	if (status.st_nlink > 1)
		links_remember(&status, path, parent, name);
}

void verb_copy(const struct arguments *arguments)
{
	job.arguments = arguments;
	tree_open(&job.from, "--from", arguments->from);
	tree_open(&job.to, "--to", arguments->to);
	for (const char *kind; (kind = request_field()); job.entries++) {
		const char *source = kind[0] == 'P' ? "" : request_needed("source"), *path = request_needed("destination");
		failure_entry(kind[0] == 'P' ? path : source);
		if (kind[0] == 'P')
			make_parents(path);
		else if (kind[0] == 'E')
			copy_entry(source, path);
		else
			copy_directory(source, path);
		failure_entry(NULL);
	}
	directory_times_apply(&job.to);
	printf("%" PRIu64 " %" PRIu64 "\n", job.entries, job.bytes);
}
