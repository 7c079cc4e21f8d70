/* Apart from view.c, since <linux/mount.h> and the C library's <sys/mount.h> have the same names. */
#include "read-only.h"

#include <fcntl.h>
#include <linux/mount.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "failure.h"

enum { at_recursive = 0x8000, at_empty_path = 0x1000 };

/* Read-only before it is in its place: the container may exchange names, and nothing may be written in between. @source man mount_setattr(2) */
void bind_read_only(const char *source, int place)
{
	int tree = (int)syscall(SYS_open_tree, AT_FDCWD, source, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | at_recursive);
	if (tree < 0)
		fail_call("open_tree(2) of a volume");
	struct mount_attr attributes = { .attr_set = MOUNT_ATTR_RDONLY };
	if (syscall(SYS_mount_setattr, tree, "", at_empty_path, &attributes, sizeof attributes) < 0)
		fail_call("mount_setattr(2) of a volume");
	if (syscall(SYS_move_mount, tree, "", place, "", MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH) < 0)
		fail_call("move_mount(2) of a volume");
	close(tree);
}
