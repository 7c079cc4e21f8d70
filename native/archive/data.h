/* The bytes of a file: shared with the source where the file system can (reflink), copied in the kernel otherwise; holes stay holes. */
#ifndef TLAB_DATA_H
#define TLAB_DATA_H
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* Returns how many bytes the copy has. */
uint64_t data_copy(int from, int to, int64_t size);
/* All of it. */
void data_write(int to, const char *bytes, size_t length, off_t at);

#endif
