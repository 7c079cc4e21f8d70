/*
 * The directory that is unpacked into. Every name is looked up beneath it by descriptor: a symlink in the way is followed
 * as if the directory were the root (openat2, RESOLVE_IN_ROOT), and the last component is never followed.
 */
#ifndef TLAB_TREE_H
#define TLAB_TREE_H
#include <limits.h>
#include <stdbool.h>

/* A place for an entry: an open parent directory and a name in it. The parent belongs to the tree; use it before the next lookup. */
struct place {
	int parent;
	bool is_top; /* the directory itself that is unpacked into */
	char name[NAME_MAX + 5]; /* "." is the root itself; only a whiteout's is longer than NAME_MAX, by its prefix */
};

/* `prefix`: the path without symlinks of the directory in the root that names are below. */
void tree_open(int root, const char *prefix);
/* Another name for the first component of every path. */
void tree_rename(const char *from, const char *to);
/* A directory of a layer below, after those above it. */
void tree_add_lower(const char *directory);

/* Cleans `path` (leading slashes, ".", "..") and finds its parent, which is made when it is missing and `make` is set. */
struct place tree_place(const char *path, bool make);

/* The place of what a hard link names; what only a layer below has is copied up first. It need not exist. */
struct place tree_target(const char *path);

/* A directory by its cleaned path below the root, not following a symlink in its last component; -1 with errno. */
int tree_directory(const char *path);

/* The cleaned form of a path, below the prefix; fails when it leads out of that or is too long. */
void tree_clean(const char *path, char clean[PATH_MAX]);

/* What lay below the parent of the last entry may have changed: the next lookup starts anew. */
void tree_forget(void);

/* Removes what is at the place, whatever it is. Returns whether it was an overlay whiteout. */
bool tree_remove(const struct place *place);

#endif
