#include "root.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "syscalls.h"

enum { MOST_LINKS = 8 };

/* @source man openat2(2) */
int root_open(const struct executor *executor, const char *path, int flags)
{
	struct open_how how = {
		.flags = (uint64_t)(flags | O_CLOEXEC),
		.resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS,
	};
	if (executor->root < 0) {
		errno = EBADF; /* the plan works in a root that it has not opened */
		return -1;
	}
	return sys_openat2(executor->root, path, &how);
}

/*
 * `path`, whose part up to `start` ends before the name of a dangling symlink and whose part from `end` follows it, with the link's
 * text in that place. Only text: whoever opens it stays in the root. False when there is no link, or no room.
 */
static bool follow_dangling(int parent, const char *path, size_t start, size_t end, char followed[PATH_MAX])
{
	char name[NAME_MAX + 1], text[PATH_MAX];
	if (end - start > NAME_MAX)
		return false;
	memcpy(name, path + start, end - start);
	name[end - start] = '\0';
	ssize_t length = readlinkat(parent, name, text, sizeof text - 1);
	if (length <= 0)
		return false;
	text[length] = '\0';
	int n = snprintf(followed, PATH_MAX, "%.*s%s%s", text[0] == '/' ? 0 : (int)start, path, text, path + end);
	return n > 0 && n < PATH_MAX;
}

/* The directory `path`; each missing component is made in the descriptor of the one before. */
static int make_directories(struct executor *executor, const char *path, int links_left)
{
	char followed[PATH_MAX], prefix[PATH_MAX];
	size_t length = strlen(path);
	int current = root_open(executor, path, O_PATH | O_DIRECTORY);
	if (current >= 0 || errno != ENOENT)
		return current;
	if (length >= sizeof prefix) {
		errno = ENAMETOOLONG;
		return -1;
	}
	current = root_open(executor, "/", O_PATH | O_DIRECTORY);
	for (size_t at = 0; current >= 0 && at < length;) {
		size_t start = at + strspn(path + at, "/");
		at = start + strcspn(path + start, "/");
		if (start == at)
			break;
		char name[NAME_MAX + 1];
		if (at - start > NAME_MAX) {
			errno = ENAMETOOLONG;
			close(current);
			return -1;
		}
		memcpy(name, path + start, at - start);
		name[at - start] = '\0';
		memcpy(prefix, path, at);
		prefix[at] = '\0';
		int next = root_open(executor, prefix, O_PATH | O_DIRECTORY);
		if (next < 0 && errno == ENOENT && (mkdirat(current, name, 0755) == 0 || errno == EEXIST))
			next = root_open(executor, prefix, O_PATH | O_DIRECTORY);
		int number = errno;
		bool dangles = next < 0 && number == ENOENT && links_left > 0 && follow_dangling(current, path, start, at, followed);
		close(current);
		if (dangles)
			return make_directories(executor, followed, links_left - 1);
		errno = number;
		current = next;
	}
	return current;
}

int root_parent(struct executor *executor, const char *path, const char **base)
{
	char parent[PATH_MAX];
	const char *slash = strrchr(path, '/');
	*base = slash ? slash + 1 : path;
	size_t length = slash ? (size_t)(slash - path) : 0;
	if (**base == '\0' || strcmp(*base, ".") == 0 || strcmp(*base, "..") == 0 || length >= sizeof parent - 1)
		return FAIL(executor, "making \"%s\": it does not end in a name", path);
	memcpy(parent, path, length);
	parent[length] = '\0';
	int fd = make_directories(executor, length == 0 ? "/" : parent, MOST_LINKS);
	return fd < 0 ? FAIL_CALL(executor, "openat2(2)", "making the parents of \"%s\"", path) : fd;
}

/* An empty file; where a dangling symlink is, its target, as images have one for /etc/resolv.conf. */
static int make_file(struct executor *executor, const char *path, int links_left)
{
	char followed[PATH_MAX];
	const char *base;
	int parent = root_parent(executor, path, &base);
	if (parent < 0)
		return -1;
	int file = openat(parent, base, O_CREAT | O_EXCL | O_NOFOLLOW | O_WRONLY | O_CLOEXEC, 0644);
	int number = errno;
	bool dangles = file < 0 && number == EEXIST && links_left > 0 &&
	               follow_dangling(parent, path, (size_t)(base - path), strlen(path), followed);
	close(parent);
	if (dangles)
		return make_file(executor, followed, links_left - 1);
	errno = number;
	if (file < 0)
		return FAIL_CALL(executor, "openat(2)", "making file \"%s\"", path);
	close(file);
	return 0;
}

int root_make(struct executor *executor, const char *path, bool directory)
{
	int fd = root_open(executor, path, O_PATH);
	if (fd >= 0)
		return fd;
	if (errno != ENOENT)
		return FAIL_CALL(executor, "openat2(2)", "opening \"%s\" in the container", path);
	if (directory) {
		fd = make_directories(executor, path, MOST_LINKS);
		return fd < 0 ? FAIL_CALL(executor, "openat2(2)", "making directory \"%s\"", path) : fd;
	}
	if (make_file(executor, path, MOST_LINKS) < 0)
		return -1;
	fd = root_open(executor, path, O_PATH);
	return fd < 0 ? FAIL_CALL(executor, "openat2(2)", "opening \"%s\" in the container", path) : fd;
}

int enter(int fd)
{
	int saved = open(".", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (saved >= 0 && fchdir(fd) < 0) {
		int number = errno;
		close(saved);
		errno = number;
		return -1;
	}
	return saved;
}

void leave(int saved)
{
	int number = errno;
	if (fchdir(saved) < 0)
		number = errno;
	close(saved);
	errno = number;
}
