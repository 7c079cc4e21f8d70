#include "tree.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "../archive/failure.h"
#include "copy-up.h"
#include "hide.h"
#include "merged.h"
#include "whiteout.h"

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
	layers[1 + lower_count++] = fd;
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

/* What the layers below have at a path where this layer has nothing, or a whiteout. */
static bool find_below(const char *path, struct merged *below)
{
	if (lower_count == 0 || !merged_find(layers, 1 + lower_count, path, below))
		return false;
	if (below->layer > 0 && S_ISDIR(below->status.st_mode))
		return true;
	close(below->parent);
	return false;
}

/* Whether the place is free for a directory. What no entry brought gives way: a whiteout, a file from below. */
static bool make_free(const struct place *place, bool *was_whiteout)
{
	struct stat what;
	*was_whiteout = false;
	if (fstatat(place->parent, place->name, &what, AT_SYMLINK_NOFOLLOW) < 0)
		return true;
	if (S_ISLNK(what.st_mode) || hide_is_brought(place))
		return false;
	*was_whiteout = tree_remove(place);
	return true;
}

/* One directory whose parent is there: as the layers below have it, or else root's with mode 0755. -1 with errno when something is in its way. */
static int make_parent(const char *path)
{
	char above[PATH_MAX];
	struct place place = { 0 };
	struct merged below;
	bool was_whiteout;
	int why = errno;
	strcpy(above, path);
	char *slash = strrchr(above, '/');
	const char *name = slash ? slash + 1 : above;
	if (strlen(name) > NAME_MAX)
		fail("its name is longer than %d bytes", NAME_MAX);
	strcpy(place.name, name);
	above[slash ? slash - above : 0] = '\0';
	place.parent = open_beneath(above, O_PATH | O_DIRECTORY);
	if (place.parent < 0)
		fail_call("openat2(2) of its parent directory");
	bool has_below = find_below(path, &below);
	if (!make_free(&place, &was_whiteout)) {
		errno = why;
		return -1;
	}
	if (mkdirat(place.parent, place.name, 0755) < 0)
		fail_call("mkdirat(2) of its parent directory");
	hide_raised(&place);
	close(place.parent);
	int fd = open_beneath(path, O_RDONLY | O_DIRECTORY);
	if (fd >= 0 && was_whiteout)
		whiteout_opaque(fd);
	if (fd >= 0 && has_below)
		copy_up_attributes(&below, fd);
	if (has_below)
		close(below.parent);
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
		if (fd < 0 && (errno == ENOENT || errno == ENOTDIR))
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
	if (fd < 0 && (errno == ENOENT || (errno == ENOTDIR && make))) {
		char real[PATH_MAX];
		real_path(path, real);
		if (make)
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

static struct place place_of(const char *path, bool make)
{
	char clean[PATH_MAX];
	struct place place = { .parent = root, .name = ".", .is_top = strcmp(path, prefix) == 0 };
	strcpy(clean, path);
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

struct place tree_place(const char *path, bool make)
{
	char clean[PATH_MAX];
	tree_clean(path, clean);
	return place_of(clean, make);
}

static bool is_here(const char *path)
{
	int fd = open_beneath(path, O_PATH | O_NOFOLLOW);
	if (fd >= 0)
		close(fd);
	return fd >= 0;
}

struct place tree_target(const char *path)
{
	char clean[PATH_MAX];
	struct merged below;
	tree_clean(path, clean);
	if (lower_count > 0 && !is_here(clean) && merged_find(layers, 1 + lower_count, clean, &below)) {
		if (below.layer > 0) {
			struct place place = place_of(below.path, true);
			copy_up(&below, &place);
			hide_raised(&place);
		}
		close(below.parent);
	}
	return place_of(clean, false);
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
	return whiteout_is_made(&what);
}
