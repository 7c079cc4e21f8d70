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

#include "../archive/failure.h"
#include "merged.h"

static int root = -1;

/* The parent of the last entry: most entries follow their sibling. Forgotten when anything is removed or a symlink may have changed. */
static struct {
	int fd;
	char path[PATH_MAX];
} last = { .fd = -1 };

static char prefix[PATH_MAX];

enum { most_lowers = 500 }; /* what overlayfs takes */
/* The layer itself is the first of them. */
static int layers[1 + most_lowers];
static int *const lowers = layers + 1;
static int lower_count;

void tree_open(int directory, const char *below)
{
	root = layers[0] = directory;
	strcpy(prefix, below);
}


void tree_add_lower(const char *directory)
{
	int fd = open(directory, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		fail("--lower %s: %s", directory, strerror(errno));
	if (lower_count == most_lowers)
		fail("--lower: more than %d layers", most_lowers);
	lowers[lower_count++] = fd;
}

/* @source man openat2(2) */
static int open_in(int directory, const char *path, unsigned long long flags)
{
	struct open_how how = {
		.flags = flags | O_CLOEXEC,
		.resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS,
	};
	return (int)syscall(SYS_openat2, directory, path[0] ? path : ".", &how, sizeof how);
}

static int open_beneath(const char *path, unsigned long long flags)
{
	return open_in(root, path, flags);
}

static struct {
	const char *from, *to;
} renamed;

void tree_rename(const char *from, const char *to)
{
	renamed.from = from;
	renamed.to = to;
}

static size_t add_component(char clean[PATH_MAX], size_t length, const char *name, size_t part)
{
	if (length + part + 2 > PATH_MAX)
		fail("its path is longer than %d bytes", PATH_MAX - 1);
	if (length > 0)
		clean[length++] = '/';
	memcpy(clean + length, name, part);
	clean[length += part] = '\0';
	return length;
}

void tree_clean(const char *path, char clean[PATH_MAX])
{
	const size_t least = strlen(prefix);
	size_t length = least;
	memcpy(clean, prefix, least + 1);
	while (*path) {
		size_t part = strcspn(path, "/");
		if (part == 2 && path[0] == '.' && path[1] == '.') {
			if (length == least)
				fail("it leads out of the directory");
			while (length > least && clean[--length] != '/')
				;
			clean[length] = '\0';
		} else if (part > 0 && !(part == 1 && path[0] == '.')) {
			bool is_renamed = length == least && renamed.from && strlen(renamed.from) == part &&
					  memcmp(path, renamed.from, part) == 0;
			length = add_component(clean, length, is_renamed ? renamed.to : path,
			                       is_renamed ? strlen(renamed.to) : part);
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

/* Owner and mode as the topmost layer below has them: this layer's directory hides that one's. */
static void copy_attributes(int fd, const char *path)
{
	for (int i = 0; i < lower_count; i++) {
		struct stat lower;
		int found = open_in(lowers[i], path, O_PATH | O_DIRECTORY | O_NOFOLLOW);
		if (found < 0)
			continue;
		if (fstat(found, &lower) < 0 || fchown(fd, lower.st_uid, lower.st_gid) < 0 ||
		    fchmod(fd, lower.st_mode & 07777) < 0)
			fail_call("copying the attributes of its parent directory");
		close(found);
		return;
	}
}

/* One directory whose parent is there; root's with mode 0755 unless a lower layer has it. */
static int make_parent(const char *path)
{
	char parent[PATH_MAX];
	strcpy(parent, path);
	char *slash = strrchr(parent, '/');
	const char *name = slash ? path + (slash - parent) + 1 : path;
	parent[slash ? slash - parent : 0] = '\0';
	int above = open_beneath(parent, O_PATH | O_DIRECTORY);
	if (above < 0 || mkdirat(above, name, 0755) < 0)
		fail_call("mkdirat(2) of its parent directory");
	close(above);
	int fd = open_beneath(path, O_RDONLY | O_DIRECTORY);
	if (fd >= 0)
		copy_attributes(fd, path);
	return fd;
}

/* Makes the missing directories of a path, one by one. */
static void make_directories(const char *path)
{
	char part[PATH_MAX];
	strcpy(part, path);
	for (char *slash = part;; slash++) {
		slash += strcspn(slash, "/");
		bool is_last = *slash == '\0';
		*slash = '\0';
		int fd = open_beneath(part, O_RDONLY | O_DIRECTORY);
		if (fd < 0 && errno == ENOENT)
			fd = make_parent(part);
		if (fd < 0)
			fail_call("openat2(2) of its parent directory");
		close(fd);
		if (is_last)
			return;
		*slash = '/';
	}
}

/* Without layers below, the kernel knows all that there is. */
static void real_path(const char *path, char real[PATH_MAX])
{
	if (lower_count > 0)
		merged_resolve(layers, 1 + lower_count, path, real);
	else
		strcpy(real, path);
}

static int open_parent(const char *path, bool make)
{
	if (last.fd >= 0 && strcmp(last.path, path) == 0)
		return last.fd;
	/* Readable, not O_PATH: whiteouts set xattrs on it. */
	int fd = open_beneath(path, O_RDONLY | O_DIRECTORY);
	if (fd < 0 && errno == ENOENT && make) {
		char real[PATH_MAX];
		real_path(path, real);
		make_directories(real);
		fd = open_beneath(real, O_RDONLY | O_DIRECTORY);
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
	place.is_top = strcmp(clean, prefix) == 0;
	if (clean[0] == '\0')
		return place;
	char *slash = strrchr(clean, '/'), *name = slash ? slash + 1 : clean;
	if (strlen(name) > NAME_MAX + (strncmp(name, ".wh.", 4) == 0 ? 4u : 0u))
		fail("its name is longer than %d bytes", NAME_MAX);
	strcpy(place.name, name);
	name[slash ? -1 : 0] = '\0';
	place.parent = open_parent(clean, make);
	return place;
}

int tree_directory(const char *path)
{
	int fd = open_beneath(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
	const char *slash = strrchr(path, '/');
	if (fd >= 0 || errno != ENOENT || !slash)
		return fd;
	char above[PATH_MAX], real[PATH_MAX];
	memcpy(above, path, (size_t)(slash - path));
	above[slash - path] = '\0';
	real_path(above, real);
	if (strlen(real) + strlen(slash) + 1 > sizeof real)
		return -1;
	strcat(real, *real ? slash : slash + 1);
	return open_beneath(real, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
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

void tree_forget(void)
{
	/* The descriptor stays: the entry at hand still uses it. No cleaned path looks like this. */
	strcpy(last.path, "//");
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
		tree_forget();
	return S_ISCHR(what.st_mode) && what.st_rdev == makedev(0, 0);
}
