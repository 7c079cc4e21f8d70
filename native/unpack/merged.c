#include "merged.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "../archive/failure.h"
#include "whiteout.h"

enum { most_links = 255, most_depth = PATH_MAX / 2 };

/* How many of the layers, from the top, have a part in each directory on the way. */
struct way {
	const int *layers;
	int parts[most_depth + 1];
	int depth;
};

/* A symlink at the end is the thing itself; one on the way means that this layer has no such directory. @source man openat2(2) */
static int open_at(int layer, const char *path, unsigned long long flags)
{
	struct open_how how = {
		.flags = flags | O_NOFOLLOW | O_CLOEXEC,
		.resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS | RESOLVE_NO_SYMLINKS,
	};
	return (int)syscall(SYS_openat2, layer, *path ? path : ".", &how, sizeof how);
}

static bool is_opaque(int layer, const char *path)
{
	char value[2];
	int fd = open_at(layer, path, O_RDONLY | O_DIRECTORY);
	bool opaque = fd >= 0 && fgetxattr(fd, "trusted.overlay.opaque", value, sizeof value) == 1 && value[0] == 'y';
	if (fd >= 0)
		close(fd);
	return opaque;
}

/* What the topmost layer that has it says: an open symlink, or -1. `parts` becomes the layers that are merged when it is a directory. */
static int look(const struct way *way, int parts_above, const char *path, int *parts)
{
	*parts = 0;
	for (int i = 0; i < parts_above; i++) {
		struct stat what;
		int fd = open_at(way->layers[i], path, O_PATH);
		if (fd < 0 && errno == ENOENT)
			continue;
		if (fd < 0 || fstat(fd, &what) < 0)
			return -1;
		if (S_ISLNK(what.st_mode) && *parts == 0)
			return fd;
		close(fd);
		if (!S_ISDIR(what.st_mode))
			return -1;
		*parts = i + 1;
		if (is_opaque(way->layers[i], path))
			return -1;
	}
	return -1;
}

static void append(char real[PATH_MAX], const char *name, size_t part)
{
	size_t length = strlen(real);
	if (length + part + 2 > PATH_MAX)
		fail("its path is longer than %d bytes", PATH_MAX - 1);
	if (length > 0)
		real[length++] = '/';
	memcpy(real + length, name, part);
	real[length + part] = '\0';
}

static void go_up(struct way *way, char real[PATH_MAX])
{
	char *slash = strrchr(real, '/');
	*(slash ? slash : real) = '\0';
	if (way->depth > 0)
		way->depth--;
}

/* The symlink's target comes before the rest. */
static void follow(struct way *way, int link, char pending[2 * PATH_MAX], const char *rest, char real[PATH_MAX])
{
	char target[2 * PATH_MAX];
	ssize_t length = readlinkat(link, "", target, PATH_MAX - 1);
	close(link);
	if (length < 0)
		fail_call("readlinkat(2) of its parent directory");
	if ((size_t)length + strlen(rest) + 2 > sizeof target)
		fail("its path is longer than %d bytes", PATH_MAX - 1);
	if (target[0] == '/')
		while (way->depth > 0)
			go_up(way, real);
	target[length] = '/';
	strcpy(target + length + 1, rest);
	strcpy(pending, target);
}

/* One component: returns an open symlink that is to be followed, or -1. */
static int enter(struct way *way, char real[PATH_MAX], const char *name, size_t part)
{
	int parts, above = way->parts[way->depth];
	append(real, name, part);
	int link = look(way, above, real, &parts);
	if (way->depth == most_depth)
		fail("its path has more than %d components", most_depth);
	way->parts[++way->depth] = parts;
	if (link >= 0)
		go_up(way, real);
	return link;
}

static void walk(struct way *way, int count, const char *path, char real[PATH_MAX])
{
	char pending[2 * PATH_MAX];
	real[0] = '\0';
	look(way, count, "", &way->parts[0]);
	strcpy(pending, path);
	int links = 0;
	for (char *next = pending + strspn(pending, "/"); *next;) {
		size_t part = strcspn(next, "/");
		char *rest = next + part + strspn(next + part, "/");
		int link = -1;
		if (part == 2 && memcmp(next, "..", 2) == 0)
			go_up(way, real);
		else if (!(part == 1 && *next == '.'))
			link = enter(way, real, next, part);
		if (link >= 0 && ++links > most_links)
			fail("there are too many symlinks on its way");
		if (link >= 0) {
			follow(way, link, pending, rest, real);
			rest = pending + strspn(pending, "/");
		}
		next = rest;
	}
}

void merged_resolve(const int *layers, int count, const char *path, char real[PATH_MAX])
{
	struct way way = { .layers = layers };
	walk(&way, count, path, real);
}

/* The topmost layer that has it decides: a whiteout says that it is gone. */
static bool find_in(const struct way *way, const char *above, struct merged *found)
{
	for (int i = 0; i < way->parts[way->depth]; i++) {
		int parent = open_at(way->layers[i], above, O_PATH | O_DIRECTORY);
		if (parent < 0)
			continue;
		found->layer = i;
		found->parent = parent;
		bool is_there = fstatat(parent, found->name, &found->status, AT_SYMLINK_NOFOLLOW) == 0;
		if (is_there && !whiteout_is_made(&found->status))
			return true;
		close(parent);
		if (is_there)
			return false;
	}
	return false;
}

bool merged_find(const int *layers, int count, const char *path, struct merged *found)
{
	char above[PATH_MAX];
	struct way way = { .layers = layers };
	const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;
	memcpy(above, path, (size_t)(name - path));
	above[name - path] = '\0';
	walk(&way, count, above, found->path);
	strcpy(above, found->path);
	append(found->path, name, strlen(name));
	found->name = found->path + strlen(found->path) - strlen(name);
	return find_in(&way, above, found);
}
