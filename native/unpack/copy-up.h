/*
 * A file that a hard link names and only a layer below has comes up into this one first, with all that it has: so link(2) does it in a mounted
 * overlay, and both names are one file again. @source kernel Documentation/filesystems/overlayfs.rst, Non-directories
 */
#ifndef TLAB_COPY_UP_H
#define TLAB_COPY_UP_H
#include <stdint.h>

#include "merged.h"
#include "tree.h"

/* Of all that comes up; 0 is no limit. */
void copy_up_limit(uint64_t most_bytes);
/* Fails when it is a directory. */
void copy_up(const struct merged *below, const struct place *place);
/* Owner, mode and extended attributes as the directory below has them; times change with what is made in it. */
void copy_up_attributes(const struct merged *below, int directory);

#endif
