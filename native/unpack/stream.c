#include "stream.h"

#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>

#include "../archive/failure.h"
#include "../common/sha256.h"

enum { slot_size = 256 * 1024, slot_count = 8, input_size = 256 * 1024 };

/* Guarded by lock: filled, taken, ended, problem. A slot's bytes belong to the thread between filled and taken counts. */
static struct {
	pthread_mutex_t lock;
	pthread_cond_t changed;
	pthread_t thread;
	uint64_t filled, taken;
	bool ended;
	char problem[512];
	size_t length[slot_count];
	char bytes[slot_count][slot_size];
} ring = { .lock = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER };

/* The thread's own until it is joined. */
static struct {
	struct sha256 sha;
	uint64_t bytes;
	char buffer[input_size];
} input;

static struct {
	struct sha256 sha;
	uint64_t bytes;
	bool holding; /* the reader still looks at the slot `taken` */
	struct limits limits;
} output;

static ssize_t read_input(struct archive *archive, void *data, const void **buffer)
{
	(void)data;
	ssize_t n;
	do
		n = read(STDIN_FILENO, input.buffer, sizeof input.buffer);
	while (n < 0 && errno == EINTR);
	if (n < 0) {
		archive_set_error(archive, errno, "read(2): %s", strerror(errno));
		return ARCHIVE_FATAL;
	}
	sha256_update(&input.sha, input.buffer, (size_t)n);
	__atomic_add_fetch(&input.bytes, (uint64_t)n, __ATOMIC_RELAXED);
	*buffer = input.buffer;
	return n;
}

static void end_ring(const char *problem)
{
	pthread_mutex_lock(&ring.lock);
	if (problem)
		strncpy(ring.problem, problem, sizeof ring.problem - 1);
	ring.ended = true;
	pthread_cond_signal(&ring.changed);
	pthread_mutex_unlock(&ring.lock);
}

static char *free_slot(void)
{
	pthread_mutex_lock(&ring.lock);
	while (ring.filled - ring.taken == slot_count)
		pthread_cond_wait(&ring.changed, &ring.lock);
	pthread_mutex_unlock(&ring.lock);
	return ring.bytes[ring.filled % slot_count];
}

static void fill_slot(size_t length)
{
	pthread_mutex_lock(&ring.lock);
	ring.length[ring.filled++ % slot_count] = length;
	pthread_cond_signal(&ring.changed);
	pthread_mutex_unlock(&ring.lock);
}

static const char *decompress(struct archive *raw)
{
	struct archive_entry *entry;
	if (archive_read_open(raw, NULL, NULL, read_input, NULL) != ARCHIVE_OK ||
	    archive_read_next_header(raw, &entry) != ARCHIVE_OK)
		return input.bytes == 0 ? "the layer is empty" : archive_error_string(raw);
	for (;;) {
		la_ssize_t n = archive_read_data(raw, free_slot(), slot_size);
		if (n < 0)
			return archive_error_string(raw);
		if (n == 0)
			break;
		fill_slot((size_t)n);
	}
	/* The decompressor stops at the end of its stream; what was read and not consumed is no part of the layer. */
	uint64_t consumed = (uint64_t)archive_filter_bytes(raw, -1);
	const void *rest;
	if (input.bytes > consumed || read_input(raw, NULL, &rest) > 0)
		return "garbage after the end of the compressed stream";
	return NULL;
}

/* Those of layers, and those that a person may have. No program of the host is ever started for one. */
static void support_filters(struct archive *raw, const struct limits *limits)
{
	archive_read_support_filter_gzip(raw);
	archive_read_support_filter_zstd(raw);
	if (!limits->any_compression)
		return;
	archive_read_support_filter_bzip2(raw);
	archive_read_support_filter_xz(raw);
}

bool stream_is_tar(const struct limits *limits)
{
	struct archive *tar = archive_read_new();
	struct archive_entry *entry;
	if (!tar)
		fail("out of memory");
	support_filters(tar, limits);
	archive_read_support_format_tar(tar);
	bool is_tar = archive_read_open_fd(tar, STDIN_FILENO, 10240) == ARCHIVE_OK &&
	              archive_read_next_header(tar, &entry) == ARCHIVE_OK;
	archive_read_free(tar);
	return is_tar;
}

static void *run(void *unused)
{
	(void)unused;
	struct archive *raw = archive_read_new();
	if (!raw) {
		end_ring("out of memory");
		return NULL;
	}
	support_filters(raw, &output.limits);
	archive_read_support_format_raw(raw);
	const char *problem = decompress(raw);
	end_ring(problem);
	archive_read_free(raw);
	return NULL;
}

void stream_start(const struct limits *limits)
{
	output.limits = *limits;
	sha256_begin(&input.sha);
	sha256_begin(&output.sha);
	int error = pthread_create(&ring.thread, NULL, run, NULL);
	if (error != 0)
		fail("starting the decompressor: %s", strerror(error));
}

static void check_limits(void)
{
	const struct limits *limits = &output.limits;
	if (output.bytes > limits->most_bytes)
		fail("the layer is larger than %" PRIu64 " bytes (--max-bytes)", limits->most_bytes);
	uint64_t in = __atomic_load_n(&input.bytes, __ATOMIC_RELAXED);
	if (output.bytes > limits->ratio_from && output.bytes / limits->most_ratio > in)
		fail("the layer unpacks to more than %" PRIu64 " times its size: a decompression bomb (--max-ratio)",
		     limits->most_ratio);
}

/* The next buffer of the tar; 0 at its end. The one given before is free again. */
static size_t next_slot(const char **bytes)
{
	pthread_mutex_lock(&ring.lock);
	if (output.holding) {
		ring.taken++;
		output.holding = false;
		pthread_cond_signal(&ring.changed);
	}
	while (ring.taken == ring.filled && !ring.ended)
		pthread_cond_wait(&ring.changed, &ring.lock);
	bool empty = ring.taken == ring.filled;
	pthread_mutex_unlock(&ring.lock);
	if (empty && ring.problem[0])
		fail("decompressing: %s", ring.problem);
	if (empty)
		return 0;
	size_t slot = ring.taken % slot_count;
	output.holding = true;
	output.bytes += ring.length[slot];
	check_limits();
	sha256_update(&output.sha, ring.bytes[slot], ring.length[slot]);
	*bytes = ring.bytes[slot];
	return ring.length[slot];
}

static ssize_t read_output(struct archive *archive, void *data, const void **buffer)
{
	(void)archive, (void)data;
	const char *bytes = NULL;
	size_t length = next_slot(&bytes);
	*buffer = bytes;
	return (ssize_t)length;
}

struct archive *stream_tar(void)
{
	struct archive *tar = archive_read_new();
	if (!tar)
		fail("out of memory");
	archive_read_support_format_tar(tar);
	if (archive_read_open(tar, NULL, NULL, read_output, NULL) != ARCHIVE_OK)
		fail("it is no tar archive: %s", archive_error_string(tar));
	return tar;
}

static void expect_zeros(const char *bytes, size_t length)
{
	if (length > 0 && (bytes[0] != 0 || memcmp(bytes, bytes + 1, length - 1) != 0))
		fail("garbage after the end of the archive");
}

void stream_finish(struct archive *tar, struct totals *totals)
{
	if (output.holding) {
		size_t slot = ring.taken % slot_count, length = ring.length[slot];
		uint64_t consumed = (uint64_t)archive_filter_bytes(tar, 0), begin = output.bytes - length;
		if (consumed >= begin && consumed <= output.bytes)
			expect_zeros(ring.bytes[slot] + (consumed - begin), output.bytes - consumed);
	}
	const char *bytes = NULL;
	size_t length;
	while ((length = next_slot(&bytes)) > 0)
		expect_zeros(bytes, length);
	pthread_join(ring.thread, NULL);
	totals->bytes_in = input.bytes;
	totals->bytes_out = output.bytes;
	sha256_digest(&input.sha, totals->digest);
	sha256_digest(&output.sha, totals->diff_id);
}
