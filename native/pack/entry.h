/* One object into the archive: its header with everything that Linux says of it, and its bytes without their holes. */
#ifndef TLAB_ENTRY_H
#define TLAB_ENTRY_H
#include <archive.h>
#include <stdbool.h>
#include <stdint.h>

#include "object.h"

struct packing {
	struct archive *tar;
	int64_t clamp_seconds; /* later times become this one; INT64_MAX leaves all */
	uint64_t entries;
	uint64_t sockets; /* left out: an archive cannot say them */
	uint64_t changed; /* files that were written to meanwhile: cut, or filled with zeros */
};

void entry_write(struct packing *packing, const char *path, const struct object *object);
/* An empty file of that name, as whiteouts are. */
void entry_write_mark(struct packing *packing, const char *path);

#endif
