/* The names in a directory, in the order of their bytes. */
#ifndef TLAB_DIRECTORY_NAMES_H
#define TLAB_DIRECTORY_NAMES_H
#include <stdbool.h>
#include <stddef.h>

struct names {
	char **list;
	size_t count;
};

/* Of an open directory; of none (-1) there are none. */
struct names names_read(int directory);
bool names_have(const struct names *names, const char *name);
void names_free(struct names *names);

#endif
