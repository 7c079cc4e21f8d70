/*
 * A directory that names are looked up in as if it were the root (openat2, RESOLVE_IN_ROOT): a build context, the root filesystem of a stage.
 * Who fills it may be hostile and may change it meanwhile; what is opened is never outside.
 */
#ifndef TLAB_COPY_TREE_H
#define TLAB_COPY_TREE_H
#include <limits.h>
#include <stdbool.h>
#include <sys/stat.h>

struct tree {
	int root;
	int last; /* the parent of the last lookup: most entries follow their sibling */
	char last_path[PATH_MAX];
};

void tree_open(struct tree *tree, const char *flag, const char *directory);
/* A descriptor of what `path` names, symlinks followed inside unless flags have O_NOFOLLOW; -1 with errno. '' is the root. */
int tree_at(const struct tree *tree, const char *path, int flags);

/*
 * Where `path` leads to: no symlink is left in `real`, which is relative to the root. What does not exist is taken as it is written.
 * Returns whether it exists; then `status` says what it is.
 */
bool tree_resolve(const struct tree *tree, const char *path, char real[PATH_MAX], struct stat *status);

/* The open directory that `path` lies in, and the name in it; fails when there is none. It belongs to the tree, until its next lookup. */
int tree_parent(struct tree *tree, const char *path, char name[NAME_MAX + 1]);
void tree_forget(struct tree *tree);

#endif
