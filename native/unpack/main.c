/*
 * tlab-unpack: one image layer from stdin into a directory, and the digests of what went through, in one pass.
 *   read and decompress (a thread) → hash → tar entries → objects beneath the directory → times of directories → one JSON line.
 * --lower names the directories of the layers below, topmost first: a parent that the layer does not bring is made as it is there.
 * Of what a person gives (a build context, an archive of ADD): --at unpacks into a directory that is looked up inside --directory, `literal` takes
 * whiteouts for files, --devices skip leaves devices out, --compression any reads bzip2 and xz too, --probe only asks (status 2: no archive).
 * Nothing is ever made outside the directory, whatever the archive says; what it says wrong ends in one line and status 1
 * (3 when the disk is full).
 */
#include <inttypes.h>
#include <linux/capability.h>
#include <locale.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../archive/confine.h"
#include "../archive/failure.h"
#include "extract.h"
#include "stream.h"
#include "tree.h"

static const char usage[] =
	"usage: tlab-unpack --directory DIR [--at PATH] [--whiteouts overlay|literal] [--devices skip] [--owner UID:GID] [--lower DIR]... "
	"[--max-bytes N] [--max-ratio N] [--max-entries N] [--compression any] < LAYER; tlab-unpack --probe yes < FILE";

struct options {
	const char *directory;
	const char *at; /* a directory inside of that one */
	bool probe;     /* only say whether it is an archive */
	struct extraction extraction;
	struct limits limits;
};

/* Owners and modes of any file, devices, file capabilities; SYS_ADMIN for trusted.overlay.*. @source man capabilities(7) */
static const int kept[] = { CAP_CHOWN, CAP_DAC_OVERRIDE, CAP_FOWNER,   CAP_FSETID,
	                    CAP_MKNOD, CAP_SETFCAP,      CAP_SYS_ADMIN, -1 };

static uint64_t number(const char *flag, const char *text)
{
	char *end;
	uint64_t value = text ? strtoull(text, &end, 10) : 0;
	if (!text || *end || value == 0)
		fail("%s \"%s\": expected a positive number", flag, text ? text : "");
	return value;
}

static void parse_owner(struct extraction *extraction, const char *value)
{
	char rest;
	extraction->has_owner = sscanf(value, "%u:%u%c", &extraction->uid, &extraction->gid, &rest) == 2;
	if (!extraction->has_owner)
		fail("--owner \"%s\": expected UID:GID", value);
}

static void parse_option(struct options *options, const char *flag, const char *value)
{
	if (strcmp(flag, "--directory") == 0 && value)
		options->directory = value;
	else if (strcmp(flag, "--whiteouts") == 0 && value && strcmp(value, "overlay") == 0)
		options->extraction.overlay_whiteouts = true;
	else if (strcmp(flag, "--whiteouts") == 0 && value && strcmp(value, "literal") == 0)
		options->extraction.literal_whiteouts = true;
	else if (strcmp(flag, "--devices") == 0 && value && strcmp(value, "skip") == 0)
		options->extraction.skip_devices = true;
	else if (strcmp(flag, "--owner") == 0 && value)
		parse_owner(&options->extraction, value);
	else if (strcmp(flag, "--at") == 0 && value)
		options->at = value;
	else if (strcmp(flag, "--compression") == 0 && value && strcmp(value, "any") == 0)
		options->limits.any_compression = true;
	else if (strcmp(flag, "--probe") == 0 && value && strcmp(value, "yes") == 0)
		options->probe = options->limits.any_compression = true;
	else if (strcmp(flag, "--lower") == 0 && value)
		tree_add_lower(value);
	else if (strcmp(flag, "--max-bytes") == 0)
		options->limits.most_bytes = number(flag, value);
	else if (strcmp(flag, "--max-ratio") == 0)
		options->limits.most_ratio = number(flag, value);
	else if (strcmp(flag, "--max-entries") == 0)
		options->limits.most_entries = number(flag, value);
	else
		fail("%s %s: %s", flag, value ? value : "", usage);
}

/* gzip cannot do better than 1032 to 1; real layers are below 100. Small ones may be anything. */
static struct options parse(char **argv)
{
	struct options options = {
		.limits = { .most_bytes = UINT64_C(128) << 30,
		            .most_ratio = 500,
		            .ratio_from = UINT64_C(256) << 20,
		            .most_entries = 4000000 },
	};
	for (argv++; *argv; argv += argv[1] ? 2 : 1)
		parse_option(&options, argv[0], argv[1]);
	if (!options.directory && !options.probe)
		fail("%s", usage);
	return options;
}

/* A name that is no UTF-8 comes with a warning and as its bytes, which is what Linux takes. Other warnings mean a damaged header. */
static bool is_header(struct archive *tar, int result)
{
	const char *message = archive_error_string(tar);
	return result == ARCHIVE_OK ||
	       (result == ARCHIVE_WARN && message && strstr(message, "can't be converted") != NULL);
}

static uint64_t extract_all(struct archive *tar, struct options *options)
{
	struct archive_entry *entry;
	uint64_t count = 0;
	int result;
	while (is_header(tar, result = archive_read_next_header(tar, &entry))) {
		if (++count > options->limits.most_entries)
			fail("the layer has more than %" PRIu64 " entries (--max-entries)", options->limits.most_entries);
		extract_entry(&options->extraction, tar, entry);
	}
	if (result != ARCHIVE_EOF)
		fail("reading entry %" PRIu64 ": %s", count + 1, archive_error_string(tar));
	return count;
}

int main(int argc, char **argv)
{
	(void)argc;
	failure_program("tlab-unpack");
	struct options options = parse(argv);
	/* Nobody is left who would use the layer: stop with the parent. */
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	setlocale(LC_CTYPE, "C.UTF-8"); /* or libarchive cannot give names beyond ASCII */
	umask(0);
	if (options.probe)
		return stream_is_tar(&options.limits) ? 0 : 2;
	tree_open(options.directory, options.at);
	confine_to(tree_root(), kept);
	stream_start(&options.limits);
	struct archive *tar = stream_tar();
	uint64_t entries = extract_all(tar, &options);
	extract_finish();
	struct totals totals;
	stream_finish(tar, &totals);
	archive_read_free(tar);
	printf("{\"entries\":%" PRIu64 ",\"bytesIn\":%" PRIu64 ",\"bytesOut\":%" PRIu64
	       ",\"diffId\":\"%s\",\"digest\":\"%s\",\"skippedXattrs\":%" PRIu64 "}\n",
	       entries, totals.bytes_in, totals.bytes_out, totals.diff_id, totals.digest,
	       options.extraction.skipped_xattrs);
	return fflush(stdout) == 0 ? 0 : 1;
}
