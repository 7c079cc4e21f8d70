/*
 * A directory tree in order of names, and what of it goes out: all of it, what an overlay's upper directory holds, or what
 * differs from another tree. Every object is reached from its open parent, never by a path, so nothing in it leads elsewhere.
 */
#ifndef TLAB_WALK_H
#define TLAB_WALK_H
#include <stdbool.h>

#include "entry.h"

struct walk {
	struct packing *packing;
	bool is_upper; /* whiteout devices and opaque directories speak of a tree below */
	int below;     /* the root of the tree to compare with; -1 when there is none */
	bool is_list;  /* print changes instead of writing an archive */
	const char *const *ignored; /* paths of mount points, ended by NULL: what is new and empty there is no change */
};

/* What `name` in `parent` is, under the name `as`; an empty one leaves out the top itself. */
void walk_tree(struct walk *walk, int parent, const char *name, const char *as);

#endif
