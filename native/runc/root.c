#include "root.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "syscalls.h"

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

/* The directory `path`; each missing component is made in the descriptor of the one before. */
static int make_directories(struct executor *executor, const char *path)
{
	char prefix[PATH_MAX];
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
		close(current);
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
	int fd = make_directories(executor, length == 0 ? "/" : parent);
	return fd < 0 ? FAIL_CALL(executor, "openat2(2)", "making the parents of \"%s\"", path) : fd;
}

int root_make(struct executor *executor, const char *path, bool directory)
{
	int fd = root_open(executor, path, O_PATH);
	if (fd >= 0)
		return fd;
	if (errno != ENOENT)
		return FAIL_CALL(executor, "openat2(2)", "opening \"%s\" in the container", path);
	if (directory) {
		fd = make_directories(executor, path);
		return fd < 0 ? FAIL_CALL(executor, "openat2(2)", "making directory \"%s\"", path) : fd;
	}
	const char *base;
	int parent = root_parent(executor, path, &base);
	if (parent < 0)
		return -1;
	int file = openat(parent, base, O_CREAT | O_EXCL | O_NOFOLLOW | O_WRONLY | O_CLOEXEC, 0644);
	close(parent);
	if (file < 0)
		return FAIL_CALL(executor, "openat(2)", "making file \"%s\"", path);
	close(file);
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
