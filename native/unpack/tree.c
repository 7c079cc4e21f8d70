#include "tree.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "failure.h"

static int root = -1;

/* The parent of the last entry: most entries follow their sibling. Forgotten when anything is removed or a symlink may have changed. */
static struct {
	int fd;
	char path[PATH_MAX];
} last = { .fd = -1 };

void tree_open(const char *directory)
{
	root = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (root < 0)
		fail("--directory %s: %s", directory, strerror(errno));
}

int tree_root(void)
{
	return root;
}

/* @source man openat2(2) */
static int open_beneath(const char *path, unsigned long long flags)
{
	struct open_how how = {
		.flags = flags | O_CLOEXEC,
		.resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS,
	};
	return (int)syscall(SYS_openat2, root, path[0] ? path : ".", &how, sizeof how);
}

void tree_clean(const char *path, char clean[PATH_MAX])
{
	size_t length = 0;
	clean[0] = '\0';
	while (*path) {
		size_t part = strcspn(path, "/");
		if (part == 2 && path[0] == '.' && path[1] == '.') {
			if (length == 0)
				fail("it leads out of the directory");
			while (length > 0 && clean[--length] != '/')
				;
			clean[length] = '\0';
		} else if (part > 0 && !(part == 1 && path[0] == '.')) {
			if (length + part + 2 > PATH_MAX)
				fail("its path is longer than %d bytes", PATH_MAX - 1);
			if (length > 0)
				clean[length++] = '/';
			memcpy(clean + length, path, part);
			clean[length += part] = '\0';
		}
		path += part;
		path += strspn(path, "/");
	}
}

static void forget_last(void)
{
	if (last.fd >= 0)
		close(last.fd);
	last.fd = -1;
}

/* Makes the missing directories of a path, one by one, as root's with mode 0755. */
static int make_directories(const char *path)
{
	char part[PATH_MAX];
	strcpy(part, path);
	for (char *slash = part;; slash++) {
		slash += strcspn(slash, "/");
		bool is_last = *slash == '\0';
		*slash = '\0';
		int fd = open_beneath(part, O_PATH | O_DIRECTORY);
		if (fd < 0 && errno == ENOENT) {
			char *name = strrchr(part, '/');
			if (name)
				*name++ = '\0';
			int parent = open_beneath(name ? part : "", O_PATH | O_DIRECTORY);
			if (parent < 0 || mkdirat(parent, name ? name : part, 0755) < 0)
				fail_call("mkdirat(2) of its parent directory");
			close(parent);
			if (name)
				name[-1] = '/';
			fd = open_beneath(part, O_PATH | O_DIRECTORY);
		}
		if (fd < 0)
			fail_call("openat2(2) of its parent directory");
		if (is_last)
			return fd;
		close(fd);
		*slash = '/';
	}
}

static int open_parent(const char *path, bool make)
{
	if (last.fd >= 0 && strcmp(last.path, path) == 0)
		return last.fd;
	/* Readable, not O_PATH: whiteouts set xattrs on it. */
	int fd = open_beneath(path, O_RDONLY | O_DIRECTORY);
	if (fd < 0 && errno == ENOENT && make) {
		close(make_directories(path));
		fd = open_beneath(path, O_RDONLY | O_DIRECTORY);
	}
	if (fd < 0)
		fail_call("openat2(2) of its parent directory");
	forget_last();
	last.fd = fd;
	strcpy(last.path, path);
	return fd;
}

struct place tree_place(const char *path, bool make)
{
	char clean[PATH_MAX];
	struct place place = { .parent = root, .name = "." };
	tree_clean(path, clean);
	if (clean[0] == '\0')
		return place;
	char *slash = strrchr(clean, '/'), *name = slash ? slash + 1 : clean;
	if (strlen(name) > NAME_MAX)
		fail("its name is longer than %d bytes", NAME_MAX);
	strcpy(place.name, name);
	name[slash ? -1 : 0] = '\0';
	place.parent = open_parent(clean, make);
	return place;
}

int tree_directory(const char *path)
{
	return open_beneath(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
}

static void remove_children(int directory)
{
	DIR *children = fdopendir(directory);
	if (!children)
		fail_call("fdopendir(3)");
	for (struct dirent *child; (child = readdir(children));) {
		if (strcmp(child->d_name, ".") == 0 || strcmp(child->d_name, "..") == 0)
			continue;
		if (unlinkat(directory, child->d_name, 0) == 0)
			continue;
		if (errno != EISDIR && errno != EPERM)
			fail_call("unlinkat(2)");
		int fd = openat(directory, child->d_name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		if (fd < 0)
			fail_call("openat(2)");
		remove_children(fd);
		if (unlinkat(directory, child->d_name, AT_REMOVEDIR) < 0)
			fail_call("unlinkat(2)");
	}
	closedir(children);
}

bool tree_remove(const struct place *place)
{
	struct stat what;
	if (fstatat(place->parent, place->name, &what, AT_SYMLINK_NOFOLLOW) < 0)
		fail_call("fstatat(2)");
	if (S_ISDIR(what.st_mode)) {
		int fd = openat(place->parent, place->name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		if (fd < 0)
			fail_call("openat(2)");
		remove_children(fd);
	}
	if (unlinkat(place->parent, place->name, S_ISDIR(what.st_mode) ? AT_REMOVEDIR : 0) < 0)
		fail_call("unlinkat(2)");
	/* What lay below may have been, or led to, a remembered parent; the next lookup starts anew. */
	if (!S_ISREG(what.st_mode))
		last.path[0] = '\0', strcpy(last.path, "//");
	return S_ISCHR(what.st_mode) && what.st_rdev == makedev(0, 0);
}
