/* One object of a file system, found beneath an open directory and never through a symlink. */
#ifndef TLAB_OBJECT_H
#define TLAB_OBJECT_H
#include <stdbool.h>
#include <stddef.h>
#include <sys/stat.h>

struct object {
	int parent;
	const char *name;
	int fd; /* of a regular file or directory; -1 for what must not be opened */
	struct stat stat;
};

/* False when it is gone, or was replaced while it was looked at. */
bool object_open(struct object *object, int parent, const char *name);
void object_close(struct object *object);

/* An extended attribute's value; -1 when there is none of that name. */
long object_xattr(const struct object *object, const char *name, void *value, size_t size);
/* The names that belong into an archive, each ended by NUL, in order; the caller frees them. Returns their length. */
size_t object_xattrs(const struct object *object, char **names);

/* A character device 0/0: what overlayfs hides a name with. */
bool object_is_whiteout(const struct object *object);
/* Nothing of the directories below shows through. */
bool object_is_opaque(const struct object *object);

/* Whether two objects differ in what an archive says of them. A directory's times count only when `exact` is set. */
bool object_differs(const struct object *a, const struct object *b, bool exact);

#endif
