/*
 * The layer as it comes in: stdin → sha256 → gunzip or unzstd in a thread of its own, → a ring of buffers → sha256 → tar.
 * The thread is the only one that reads stdin; everything else happens in the main thread.
 */
#ifndef TLAB_STREAM_H
#define TLAB_STREAM_H
#include <archive.h>
#include <stdbool.h>
#include <stdint.h>

struct limits {
	uint64_t most_bytes;   /* of the uncompressed tar */
	uint64_t most_ratio;   /* uncompressed to compressed, checked from ratio_from bytes on */
	uint64_t ratio_from;
	uint64_t most_entries;
	bool any_compression;  /* also bzip2 and xz, which layers never are */
};

struct totals {
	uint64_t bytes_in;
	uint64_t bytes_out;
	char digest[72];  /* of what came in */
	char diff_id[72]; /* of the tar */
};

void stream_start(const struct limits *limits);
/* Whether what comes in is a tar, compressed or not, with at least one entry. In one thread, nothing is hashed. */
bool stream_is_tar(const struct limits *limits);
/* An open tar reader over the decompressed stream. */
struct archive *stream_tar(void);
/* Reads what follows the end of the archive, which may only be zeros, and waits for the thread. */
void stream_finish(struct archive *tar, struct totals *totals);

#endif
