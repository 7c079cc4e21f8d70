#include "tree.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "../archive/failure.h"

void tree_open(struct tree *tree, const char *flag, const char *directory)
{
	if (!directory)
		fail("%s: expected a directory", flag);
	tree->root = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (tree->root < 0)
		fail("%s %s: %s", flag, directory, strerror(errno));
	tree->last = -1;
}

/* EAGAIN: a name was moved during the lookup, and it could not be told whether it stayed inside. @source man openat2(2) */
int tree_at(const struct tree *tree, const char *path, int flags)
{
	struct open_how how = {
		.flags = (unsigned long long)(flags | O_CLOEXEC),
		.resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS,
	};
	int fd, attempts = 0;
	do
		fd = (int)syscall(SYS_openat2, tree->root, path[0] ? path : ".", &how, sizeof how);
	while (fd < 0 && errno == EAGAIN && ++attempts < 1000);
	return fd;
}

enum { most_links = 255 };

static void cut_last(char *path)
{
	char *slash = strrchr(path, '/');
	*(slash ? slash : path) = '\0';
}

static void append(char path[PATH_MAX], const char *name, size_t length)
{
	size_t have = strlen(path);
	if (have + length + 2 > PATH_MAX)
		fail("its path is longer than %d bytes", PATH_MAX - 1);
	if (have > 0)
		path[have++] = '/';
	memcpy(path + have, name, length);
	path[have + length] = '\0';
}

/* The target of a symlink takes its place in what is still to be looked up. */
static void follow(int link, char pending[2 * PATH_MAX], const char *rest, char real[PATH_MAX])
{
	char target[2 * PATH_MAX];
	ssize_t length = readlinkat(link, "", target, PATH_MAX - 1);
	if (length < 0)
		fail_call("readlinkat(2)");
	if ((size_t)length + strlen(rest) + 2 > sizeof target)
		fail("its path is longer than %d bytes", PATH_MAX - 1);
	if (target[0] == '/')
		real[0] = '\0';
	else
		cut_last(real);
	target[length] = '/';
	strcpy(target + length + 1, rest);
	strcpy(pending, target);
}

bool tree_resolve(const struct tree *tree, const char *path, char real[PATH_MAX], struct stat *status)
{
	char pending[2 * PATH_MAX];
	if (strlen(path) >= PATH_MAX)
		fail("its path is longer than %d bytes", PATH_MAX - 1);
	strcpy(pending, path);
	real[0] = '\0';
	int links = 0;
	for (char *next = pending + strspn(pending, "/"); *next;) {
		size_t part = strcspn(next, "/");
		char *rest = next + part + strspn(next + part, "/");
		if (part == 2 && memcmp(next, "..", 2) == 0) {
			cut_last(real);
		} else if (!(part == 1 && *next == '.')) {
			append(real, next, part);
			int fd = tree_at(tree, real, O_PATH | O_NOFOLLOW);
			if (fd < 0 && errno != ENOENT)
				fail_call("openat2(2)");
			if (fd >= 0 && fstat(fd, status) < 0)
				fail_call("fstat(2)");
			bool is_link = fd >= 0 && S_ISLNK(status->st_mode);
			if (is_link && ++links > most_links)
				fail("there are more than %d symlinks on its way", most_links);
			if (is_link) {
				follow(fd, pending, rest, real);
				rest = pending + strspn(pending, "/");
			}
			if (fd >= 0)
				close(fd);
		}
		next = rest;
	}
	int fd = tree_at(tree, real, O_PATH | O_NOFOLLOW);
	if (fd < 0 && errno != ENOENT)
		fail_call("openat2(2)");
	if (fd < 0)
		return false;
	if (fstat(fd, status) < 0)
		fail_call("fstat(2)");
	close(fd);
	return true;
}

void tree_forget(struct tree *tree)
{
	if (tree->last >= 0)
		close(tree->last);
	tree->last = -1;
}

int tree_parent(struct tree *tree, const char *path, char name[NAME_MAX + 1])
{
	char parent[PATH_MAX];
	const char *slash = strrchr(path, '/'), *last = slash ? slash + 1 : path;
	size_t length = slash ? (size_t)(slash - path) : 0;
	if (strlen(last) > NAME_MAX || length >= PATH_MAX)
		fail("its name is longer than %d bytes", NAME_MAX);
	strcpy(name, *last ? last : ".");
	memcpy(parent, path, length);
	parent[length] = '\0';
	if (tree->last >= 0 && strcmp(tree->last_path, parent) == 0)
		return tree->last;
	tree_forget(tree);
	tree->last = tree_at(tree, parent, O_RDONLY | O_DIRECTORY);
	if (tree->last < 0)
		fail_call("openat2(2) of its parent directory");
	strcpy(tree->last_path, parent);
	return tree->last;
}
