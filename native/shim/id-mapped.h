/*
 * Root filesystems whose ids are mapped while they are mounted: the layers on disk keep their owners, and the same layers serve every map.
 * @source man mount_setattr(2); kernel overlayfs.rst; containerd core/mount (options uidmap, gidmap)
 */
#ifndef TLAB_ID_MAPPED_H
#define TLAB_ID_MAPPED_H
#include <stdbool.h>

struct mapped_mount {
	const char *type;    /* overlay: its lower directories are mapped; else a bind, mapped itself */
	const char *source;
	const char *target;
	unsigned long flags; /* MS_* */
	const char *data;
	const char *uid_map, *gid_map; /* `container:host:count`, several with commas between */
};

/* On failure `number` is the errno, 0 when no system call is to blame, and `error` says what and what to do. */
bool mount_mapped(const struct mapped_mount *mount, int *number, char error[512]);

#endif
