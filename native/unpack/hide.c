#include "hide.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../archive/failure.h"

/* Of parents' inodes and names; 0 is an empty slot. Two names with the same hash would keep something too much. */
struct names {
	uint64_t *slots;
	size_t count, capacity; /* a power of two */
};

static enum whiteouts mode;
static struct names brought, raised;

/* @source FNV-1a, draft-eastlake-fnv */
static uint64_t hash_of(int parent, const char *name)
{
	struct stat what;
	uint64_t hash = UINT64_C(0xcbf29ce484222325);
	if (fstat(parent, &what) < 0)
		fail_call("fstat(2)");
	const uint64_t inode = what.st_ino;
	for (size_t i = 0; i < sizeof inode; i++)
		hash = (hash ^ ((inode >> 8 * i) & 0xff)) * UINT64_C(0x100000001b3);
	for (; *name; name++)
		hash = (hash ^ (unsigned char)*name) * UINT64_C(0x100000001b3);
	return hash ? hash : 1;
}

static uint64_t *slot_of(const struct names *names, uint64_t hash)
{
	size_t at = hash & (names->capacity - 1);
	while (names->slots[at] != 0 && names->slots[at] != hash)
		at = (at + 1) & (names->capacity - 1);
	return &names->slots[at];
}

static void grow(struct names *names)
{
	uint64_t *old = names->slots;
	size_t count = names->capacity;
	names->capacity = count ? count * 2 : 1024;
	names->slots = calloc(names->capacity, sizeof *names->slots);
	if (!names->slots)
		fail("out of memory");
	for (size_t i = 0; i < count; i++)
		if (old[i] != 0)
			*slot_of(names, old[i]) = old[i];
	free(old);
}

static void add(struct names *names, uint64_t hash)
{
	if (names->count * 2 >= names->capacity)
		grow(names);
	uint64_t *slot = slot_of(names, hash);
	names->count += *slot == 0;
	*slot = hash;
}

static bool has(const struct names *names, uint64_t hash)
{
	return names->count > 0 && *slot_of(names, hash) != 0;
}

void hide_begin(enum whiteouts whiteouts)
{
	mode = whiteouts;
}

void hide_remember(const struct place *place)
{
	if (place->is_top || (mode != whiteouts_remove && raised.count == 0))
		return;
	uint64_t hash = hash_of(place->parent, place->name);
	if (mode == whiteouts_remove || has(&raised, hash))
		add(&brought, hash);
}

void hide_raised(const struct place *place)
{
	if (mode == whiteouts_overlay)
		add(&raised, hash_of(place->parent, place->name));
}

static bool is_brought(int parent, const char *name)
{
	if (mode == whiteouts_remove)
		return brought.count > 0 && has(&brought, hash_of(parent, name));
	if (raised.count == 0)
		return true;
	uint64_t hash = hash_of(parent, name);
	return !has(&raised, hash) || has(&brought, hash);
}

bool hide_is_brought(const struct place *place)
{
	return is_brought(place->parent, place->name);
}

/* Otherwise there is nothing to look for. */
static bool may_hide(void)
{
	return mode == whiteouts_remove || raised.count > 0;
}

static bool purge(int directory);

/* Whether anything of the layer is left of it: such a directory stays. */
static bool purge_one(int parent, const char *name)
{
	bool stays = is_brought(parent, name);
	int fd = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd >= 0)
		stays |= purge(fd);
	else if (errno != ENOTDIR && errno != ELOOP && errno != ENXIO)
		fail_call("openat(2)");
	if (!stays && unlinkat(parent, name, fd >= 0 ? AT_REMOVEDIR : 0) < 0)
		fail_call("unlinkat(2)");
	return stays;
}

/* Closes the directory. */
static bool purge(int directory)
{
	bool stays = false;
	DIR *children = fdopendir(directory);
	if (!children)
		fail_call("fdopendir(3)");
	for (struct dirent *child; (child = readdir(children));)
		if (strcmp(child->d_name, ".") != 0 && strcmp(child->d_name, "..") != 0)
			stays |= purge_one(directory, child->d_name);
	closedir(children);
	return stays;
}

void hide_name(const struct place *place)
{
	struct stat what;
	if (!may_hide())
		return;
	if (fstatat(place->parent, place->name, &what, AT_SYMLINK_NOFOLLOW) == 0)
		purge_one(place->parent, place->name);
	else if (errno != ENOENT)
		fail_call("fstatat(2)");
	tree_forget();
}

void hide_children(int directory)
{
	if (!may_hide())
		return;
	int own = openat(directory, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (own < 0)
		fail_call("openat(2)");
	purge(own);
	tree_forget();
}
