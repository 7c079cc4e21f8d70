/*
 * `bind`: mounts what a path of a tree names on --to, which is made as a directory or an empty file like it. By descriptor, so that no symlink
 * that comes in between leads elsewhere. One request: the path. The answer: `d` or `f`.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/mount.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "../archive/failure.h"
#include "request.h"
#include "tree.h"
#include "verbs.h"

enum { at_recursive = 0x8000, at_empty_path = 0x1000 };

static void make_target(const char *target, bool is_directory)
{
	if (is_directory && mkdir(target, 0700) < 0 && errno != EEXIST)
		fail_call("mkdir(2)");
	int fd = is_directory ? -1 : open(target, O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (!is_directory && fd < 0)
		fail_call("open(2)");
	if (fd >= 0)
		close(fd);
}

void verb_bind(const struct arguments *arguments)
{
	struct tree tree;
	struct stat status;
	const char *path = request_needed("path");
	tree_open(&tree, "--root", arguments->root);
	failure_entry(path);
	int source = tree_at(&tree, path, O_PATH);
	if (source < 0 || fstat(source, &status) < 0)
		fail_call("openat2(2)");
	if (!S_ISDIR(status.st_mode) && !S_ISREG(status.st_mode))
		fail("it is neither a directory nor a file");
	if (!arguments->to)
		fail("--to: expected a path");
	make_target(arguments->to, S_ISDIR(status.st_mode));
	int mount = (int)syscall(SYS_open_tree, source, "", OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | at_recursive | at_empty_path);
	if (mount < 0)
		fail_call("open_tree(2)");
	struct mount_attr attributes = { .attr_set = MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV |
		                                     (arguments->read_only ? MOUNT_ATTR_RDONLY : 0),
		                         .propagation = 1 << 18 /* MS_PRIVATE */ };
	if (syscall(SYS_mount_setattr, mount, "", at_empty_path | at_recursive, &attributes, sizeof attributes) < 0)
		fail_call("mount_setattr(2)");
	if (syscall(SYS_move_mount, mount, "", AT_FDCWD, arguments->to, MOVE_MOUNT_F_EMPTY_PATH) < 0)
		fail_call("move_mount(2)");
	printf("%c\n", S_ISDIR(status.st_mode) ? 'd' : 'f');
}
