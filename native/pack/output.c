#include "output.h"

#include <archive_entry.h>
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "../archive/failure.h"
#include "../common/sha256.h"

static struct {
	struct archive *tar;
	struct archive *compressor; /* of a single stream; NULL when there is none */
	struct sha256 tar_sha, out_sha;
	uint64_t bytes_tar, bytes_out;
} output;

static void put(const char *bytes, size_t length)
{
	sha256_update(&output.out_sha, bytes, length);
	output.bytes_out += length;
	while (length > 0) {
		ssize_t n = write(STDOUT_FILENO, bytes, length);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0) {
			failure_entry(NULL);
			fail_call("write(2)");
		}
		bytes += n, length -= (size_t)n;
	}
}

static la_ssize_t write_compressed(struct archive *archive, void *data, const void *bytes, size_t length)
{
	(void)archive, (void)data;
	put(bytes, length);
	return (la_ssize_t)length;
}

static la_ssize_t write_tar(struct archive *archive, void *data, const void *bytes, size_t length)
{
	(void)archive, (void)data;
	sha256_update(&output.tar_sha, bytes, length);
	output.bytes_tar += length;
	if (!output.compressor)
		put(bytes, length);
	else if (archive_write_data(output.compressor, bytes, length) < 0)
		fail("compressing: %s", archive_error_string(output.compressor));
	return (la_ssize_t)length;
}

static void check(struct archive *archive, int result)
{
	if (result != ARCHIVE_OK)
		fail("the archive: %s", archive_error_string(archive));
}

static struct archive *new_archive(void)
{
	struct archive *archive = archive_write_new();
	if (!archive)
		fail("out of memory");
	archive_write_set_bytes_in_last_block(archive, 1);
	return archive;
}

/* libarchive's filters compress whatever a format writes: here the format "raw", which is one file and no header. */
static struct archive *open_compressor(enum compression compression)
{
	struct archive *archive = new_archive();
	check(archive, archive_write_set_format_raw(archive));
	if (compression == compression_gzip) {
		check(archive, archive_write_add_filter_gzip(archive));
		check(archive, archive_write_set_filter_option(archive, "gzip", "timestamp", NULL));
	} else {
		check(archive, archive_write_add_filter_zstd(archive));
	}
	check(archive, archive_write_open(archive, NULL, NULL, write_compressed, NULL));
	struct archive_entry *entry = archive_entry_new();
	archive_entry_set_filetype(entry, AE_IFREG);
	check(archive, archive_write_header(archive, entry));
	archive_entry_free(entry);
	return archive;
}

struct archive *output_start(enum compression compression)
{
	sha256_begin(&output.tar_sha);
	sha256_begin(&output.out_sha);
	if (compression != compression_none)
		output.compressor = open_compressor(compression);
	output.tar = new_archive();
	check(output.tar, archive_write_set_format_pax(output.tar));
	/* As every other tool that makes layers names them; libarchive would write each attribute twice. */
	check(output.tar, archive_write_set_format_option(output.tar, "pax", "xattrheader", "SCHILY"));
	check(output.tar, archive_write_open(output.tar, NULL, NULL, write_tar, NULL));
	return output.tar;
}

void output_finish(struct totals *totals)
{
	check(output.tar, archive_write_close(output.tar));
	archive_write_free(output.tar);
	if (output.compressor) {
		check(output.compressor, archive_write_close(output.compressor));
		archive_write_free(output.compressor);
	}
	totals->bytes_tar = output.bytes_tar;
	totals->bytes_out = output.bytes_out;
	sha256_digest(&output.tar_sha, totals->diff_id);
	sha256_digest(&output.out_sha, totals->digest);
}
