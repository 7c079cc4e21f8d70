/*
 * A layer says with files named .wh.* what is gone from the layers below; overlayfs says the same with a character
 * device 0/0 and, for whole directories, an extended attribute.
 * @source oci-image layer#whiteouts; kernel Documentation/filesystems/overlayfs.rst
 */
#ifndef TLAB_WHITEOUT_H
#define TLAB_WHITEOUT_H
#include <stdbool.h>
#include <sys/stat.h>

#include "extract.h"
#include "tree.h"

bool whiteout_is(const char *name);
/* What overlayfs takes for one. */
bool whiteout_is_made(const struct stat *status);
void whiteout_make(const struct place *place, enum whiteouts how);
/* Hides what the layers below have in this directory. */
void whiteout_opaque(int directory);

#endif
