/*
 * The tree that is packed or unpacked into: a directory, or what a container sees, put together from mounts in a mount namespace of
 * this process's own. So nothing is left of it when the process ends, however it ends.
 */
#ifndef TLAB_VIEW_H
#define TLAB_VIEW_H
#include <limits.h>
#include <stdbool.h>

/* `--directory DIR`; `--mount TYPE SOURCE OPTIONS AT` mounts it there first; `--bind SOURCE DEST` more on top, `--bind-read-only` so that nothing is written there. */
#define VIEW_USAGE "--directory DIR [--mount TYPE SOURCE OPTIONS] [--bind|--bind-read-only SOURCE DEST]..."

/* Takes the option at `arguments`: how many arguments it was, 0 when it is none of these. */
int view_option(char **arguments);
/* Makes the mounts; an open directory, which nothing of the tree leads out of (openat2, RESOLVE_IN_ROOT). */
int view_open(void);
/* A directory of the tree, opened as a tree of its own: its root is where symlinks stay from then on. */
int view_enter(int root, const char *path);
/* The merged tree of layers, `DIR[:DIR...]`, topmost first, to compare with; mounted on the directory, which must be open by then. */
int view_below(const char *layers);
/*
 * The path without symlinks of what `path` names beneath the root, without a leading slash. The last component is followed only
 * when `follow` is set or the path ends in a slash or in "/.". Fails with status 4 when there is no such file.
 */
void view_resolve(int root, const char *path, bool follow, char resolved[PATH_MAX]);
/* Where a symlink leads within the tree, with a leading slash; its text when there is nothing. */
void view_target(int root, const char *resolved, char target[PATH_MAX]);
/* The directory of a resolved path, opened, and its last name ("." for the root). */
int view_parent(int root, const char *resolved, char name[NAME_MAX + 1]);

#endif
