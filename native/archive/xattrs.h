/* Extended attributes of a copy. */
#ifndef TLAB_XATTRS_H
#define TLAB_XATTRS_H
#include <stdbool.h>

/* Not those of overlayfs, which steer a mount, and no labels of this host. */
bool xattr_is_copied(const char *name);
void xattrs_copy(int from, int to);

#endif
