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
static struct {
	uint64_t *slots;
	size_t count, capacity; /* a power of two */
} brought;

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

static uint64_t *slot_of(uint64_t hash)
{
	size_t at = hash & (brought.capacity - 1);
	while (brought.slots[at] != 0 && brought.slots[at] != hash)
		at = (at + 1) & (brought.capacity - 1);
	return &brought.slots[at];
}

static void grow(void)
{
	uint64_t *old = brought.slots;
	size_t count = brought.capacity;
	brought.capacity = count ? count * 2 : 1024;
	brought.slots = calloc(brought.capacity, sizeof *brought.slots);
	if (!brought.slots)
		fail("out of memory");
	for (size_t i = 0; i < count; i++)
		if (old[i] != 0)
			*slot_of(old[i]) = old[i];
	free(old);
}

void hide_remember(const struct place *place)
{
	if (place->is_top)
		return;
	if (brought.count * 2 >= brought.capacity)
		grow();
	uint64_t hash = hash_of(place->parent, place->name), *slot = slot_of(hash);
	brought.count += *slot == 0;
	*slot = hash;
}

static bool is_brought(int parent, const char *name)
{
	return brought.count > 0 && *slot_of(hash_of(parent, name)) != 0;
}

bool hide_is_remembered(const struct place *place)
{
	return is_brought(place->parent, place->name);
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
	if (fstatat(place->parent, place->name, &what, AT_SYMLINK_NOFOLLOW) == 0)
		purge_one(place->parent, place->name);
	else if (errno != ENOENT)
		fail_call("fstatat(2)");
	tree_forget();
}

void hide_children(int directory)
{
	int own = openat(directory, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (own < 0)
		fail_call("openat(2)");
	purge(own);
	tree_forget();
}
