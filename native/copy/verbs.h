/* The verbs of tlab-copy. Each reads its requests from the standard input. */
#ifndef TLAB_COPY_VERBS_H
#define TLAB_COPY_VERBS_H
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "tree.h"

struct arguments {
	const char *root;   /* list, sum, read, with, bind: the tree */
	const char *from;   /* copy: where the sources are */
	const char *to;     /* copy: the root filesystem; bind: where to mount */
	bool has_owner;     /* copy: --owner, for everything; otherwise each keeps the source's */
	bool owned_by_root; /* copy: --context: sources belong to root whatever their files say */
	uid_t uid;
	gid_t gid;
	bool has_mode; /* copy: --mode, for everything but symlinks */
	mode_t mode;
	int64_t newest; /* copy: no time is later; INT64_MAX without --newest */
	bool read_only; /* bind */
};

void verb_list(const struct arguments *arguments);
void verb_sum(const struct arguments *arguments);
void verb_read(const struct arguments *arguments);
_Noreturn void verb_with(const struct arguments *arguments, char **program);
void verb_copy(const struct arguments *arguments);
void verb_bind(const struct arguments *arguments);

/* A regular file of the tree, its last component no symlink; -1 for anything else. */
int open_regular(struct tree *tree, const char *path);
int open_regular_at(int parent, const char *name);

/* The SHA-256 of what can be read from here on, 64 hex digits and a NUL. */
void sum_of(int fd, char text[65]);

#endif
