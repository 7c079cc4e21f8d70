/*
 * `list`: what is in a tree. A request is a kind and a path: `t` the whole tree below it, `s` the same with the SHA-256 of each regular file,
 * `c` itself and its children, `o` itself alone; only `s` opens files. The answer to each, all fields with a NUL: `R`, the path without symlinks,
 * then for each entry `E`, its path relative to that, its numbers (the last is the sum, or `-` for what is no regular file any more), a symlink's
 * target, the extended attributes that a copy gets; at the end `.`. Something that is not there: `N` and the path. Names come in the order of their bytes.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "../archive/failure.h"
#include "../archive/xattrs.h"
#include "request.h"
#include "tree.h"
#include "verbs.h"

static char type_of(mode_t mode)
{
	return S_ISREG(mode)   ? 'f'
	       : S_ISDIR(mode) ? 'd'
	       : S_ISLNK(mode) ? 'l'
	       : S_ISCHR(mode) ? 'c'
	       : S_ISBLK(mode) ? 'b'
	       : S_ISFIFO(mode) ? 'p'
	                        : 's';
}

static void put_field(const char *text)
{
	fputs(text, stdout);
	putchar('\0');
}

static int in_byte_order(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static void put_hex(const char *bytes, ssize_t length, char end)
{
	for (ssize_t i = 0; i < length; i++)
		printf("%02x", (unsigned char)bytes[i]);
	putchar(end);
}

/* `name=value,` for each, both in hex; in order of names, since file systems have an order of their own. */
static void put_attributes_of(const char *path)
{
	static char names[XATTR_LIST_MAX], value[XATTR_SIZE_MAX];
	static char *sorted[XATTR_LIST_MAX / 2];
	size_t count = 0;
	ssize_t length = listxattr(path, names, sizeof names);
	for (char *name = names; name < names + length; name += strlen(name) + 1)
		if (xattr_is_copied(name))
			sorted[count++] = name;
	if (count > 1)
		qsort(sorted, count, sizeof *sorted, in_byte_order);
	for (size_t at = 0; at < count; at++) {
		ssize_t size = getxattr(path, sorted[at], value, sizeof value);
		put_hex(sorted[at], (ssize_t)strlen(sorted[at]), '=');
		put_hex(value, size, ',');
	}
}

/* Through /proc: a symlink in the place of the file would be followed by its name otherwise, and a FIFO waited for. */
static void put_attributes(int parent, const char *name)
{
	char path[64];
	int fd = openat(parent, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
	if (fd >= 0) {
		put_attributes_of(path);
		close(fd);
	}
	putchar('\0');
}

static bool with_sums;

static void put_sum_of(int parent, const char *name)
{
	char text[65];
	int fd = open_regular_at(parent, name);
	if (fd >= 0) {
		sum_of(fd, text);
		close(fd);
	}
	printf(" %s", fd < 0 ? "-" : text);
}

static void put_entry(const char *path, int parent, const char *name, const struct stat *s)
{
	char target[PATH_MAX] = "";
	if (S_ISLNK(s->st_mode)) {
		ssize_t length = readlinkat(parent, name, target, sizeof target - 1);
		target[length < 0 ? 0 : length] = '\0';
	}
	put_field("E");
	put_field(path);
	printf("%c %o %u %u %lld %u:%u %llu:%llu %lld %lld", type_of(s->st_mode), s->st_mode & 07777, s->st_uid, s->st_gid,
	       (long long)s->st_size, major(s->st_rdev), minor(s->st_rdev), (unsigned long long)s->st_dev,
	       (unsigned long long)s->st_ino, s->st_mtim.tv_sec * 1000000000LL + s->st_mtim.tv_nsec,
	       s->st_ctim.tv_sec * 1000000000LL + s->st_ctim.tv_nsec);
	if (with_sums && S_ISREG(s->st_mode))
		put_sum_of(parent, name);
	putchar('\0');
	put_field(target);
	if (S_ISREG(s->st_mode) || S_ISDIR(s->st_mode))
		put_attributes(parent, name);
	else
		putchar('\0');
}

static char **names_in(int directory, size_t *count)
{
	char **names = NULL;
	size_t capacity = 0;
	DIR *stream = fdopendir(dup(directory));
	if (!stream)
		fail_call("fdopendir(3)");
	*count = 0;
	for (struct dirent *one; (one = readdir(stream));) {
		if (strcmp(one->d_name, ".") == 0 || strcmp(one->d_name, "..") == 0)
			continue;
		if (*count == capacity && !(names = realloc(names, (capacity = capacity ? 2 * capacity : 64) * sizeof *names)))
			fail("out of memory");
		if (!(names[(*count)++] = strdup(one->d_name)))
			fail("out of memory");
	}
	closedir(stream);
	if (*count > 0)
		qsort(names, *count, sizeof *names, in_byte_order);
	return names;
}

/* `path` is a buffer that the children's names are appended to. */
static void put_children(int directory, char path[PATH_MAX], bool deep)
{
	size_t count, length = strlen(path);
	char **names = names_in(directory, &count);
	for (size_t i = 0; i < count; i++) {
		struct stat s;
		if (length + strlen(names[i]) + 2 > PATH_MAX)
			fail("%s: its path is longer than %d bytes", path, PATH_MAX - 1);
		sprintf(path + length, "%s%s", length > 0 ? "/" : "", names[i]);
		if (fstatat(directory, names[i], &s, AT_SYMLINK_NOFOLLOW) == 0) {
			put_entry(path, directory, names[i], &s);
			int child = deep && S_ISDIR(s.st_mode)
			                ? openat(directory, names[i], O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
			                : -1;
			if (child >= 0) {
				put_children(child, path, true);
				close(child);
			} else if (deep && S_ISDIR(s.st_mode) && errno != ENOENT && errno != ENOTDIR && errno != ELOOP) {
				fail_call("openat(2)");
			}
		}
		path[length] = '\0';
		free(names[i]);
	}
	free(names);
}

static void answer(struct tree *tree, char kind, const char *path)
{
	char real[PATH_MAX], relative[PATH_MAX] = "", name[NAME_MAX + 1];
	struct stat status;
	bool exists = tree_resolve(tree, path, real, &status);
	with_sums = kind == 's';
	put_field(exists ? "R" : "N");
	put_field(real);
	if (!exists)
		return;
	/* Its parent may have been made or replaced since the last request. */
	tree_forget(tree);
	put_entry("", real[0] ? tree_parent(tree, real, name) : tree->root, real[0] ? name : ".", &status);
	if (kind != 'o' && S_ISDIR(status.st_mode)) {
		int directory = tree_at(tree, real, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
		if (directory < 0)
			fail_call("openat2(2)");
		put_children(directory, relative, kind == 't' || kind == 's');
		close(directory);
	}
	put_field(".");
}

void verb_list(const struct arguments *arguments)
{
	struct tree tree;
	tree_open(&tree, "--root", arguments->root);
	for (const char *kind; (kind = request_field());) {
		const char *path = request_needed("path");
		failure_entry(path);
		answer(&tree, kind[0], path);
		failure_entry(NULL);
	}
}
