/*
 * The archive on its way out: tar → sha256 (the diff id) → gzip or zstd → sha256 (the digest) → stdout.
 * Nothing in it depends on when or where it was made, so the same tree gives the same bytes.
 */
#ifndef TLAB_OUTPUT_H
#define TLAB_OUTPUT_H
#include <archive.h>
#include <stdint.h>

enum compression { compression_none, compression_gzip, compression_zstd };

struct totals {
	uint64_t bytes_tar;
	uint64_t bytes_out;
	char diff_id[72]; /* of the tar */
	char digest[72];  /* of what went out */
};

/* An open tar writer (pax). */
struct archive *output_start(enum compression compression);
void output_finish(struct totals *totals);

#endif
