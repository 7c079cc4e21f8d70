#include "links.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "../archive/failure.h"

struct link {
	dev_t device;
	ino_t inode;
	char *path;
};

/* An open hash table, at most half full. */
static struct {
	struct link *slots;
	size_t count, capacity;
} table;

static struct link *slot_of(dev_t device, ino_t inode)
{
	uint64_t hash = ((uint64_t)inode ^ (uint64_t)device << 32) * UINT64_C(0x9e3779b97f4a7c15);
	size_t at = (size_t)(hash >> 20) & (table.capacity - 1);
	while (table.slots[at].path && (table.slots[at].inode != inode || table.slots[at].device != device))
		at = (at + 1) & (table.capacity - 1);
	return &table.slots[at];
}

static void grow(void)
{
	struct link *old = table.slots;
	size_t count = table.capacity;
	table.capacity = count ? count * 2 : 256;
	table.slots = calloc(table.capacity, sizeof *table.slots);
	if (!table.slots)
		fail("out of memory");
	for (size_t i = 0; i < count; i++)
		if (old[i].path)
			*slot_of(old[i].device, old[i].inode) = old[i];
	free(old);
}

const char *links_first(const struct stat *stat, const char *path)
{
	if (table.count * 2 >= table.capacity)
		grow();
	struct link *link = slot_of(stat->st_dev, stat->st_ino);
	if (link->path)
		return link->path;
	*link = (struct link){ .device = stat->st_dev, .inode = stat->st_ino, .path = strdup(path) };
	if (!link->path)
		fail("out of memory");
	table.count++;
	return NULL;
}
