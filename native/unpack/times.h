/* Times of entries, and those of directories, which are kept until nothing is made in them any more. */
#ifndef TLAB_TIMES_H
#define TLAB_TIMES_H
#include <archive_entry.h>
#include <time.h>

/* Access and modification time for utimensat(2); an entry without an access time gets its modification time. */
void times_of(struct archive_entry *entry, struct timespec times[2]);
void times_remember(const char *path, int fd, struct archive_entry *entry);
void times_apply(void);

#endif
