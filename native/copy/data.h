/* The bytes of a file: shared with the source where the file system can (reflink), copied in the kernel otherwise; holes stay holes. */
#ifndef TLAB_COPY_DATA_H
#define TLAB_COPY_DATA_H
#include <stdint.h>

/* Returns how many bytes the copy has. */
uint64_t copy_data(int from, int to, int64_t size);

#endif
