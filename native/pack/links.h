/* Files of several names: the first that goes into the archive has the bytes, later ones are hard links to it. */
#ifndef TLAB_LINKS_H
#define TLAB_LINKS_H
#include <sys/stat.h>

/* The first path of that inode, or NULL when this is it. */
const char *links_first(const struct stat *stat, const char *path);

#endif
