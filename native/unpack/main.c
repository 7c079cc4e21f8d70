/*
 * tlab-unpack: one image layer from stdin into a directory, and the digests of what went through, in one pass.
 *   read and decompress (a thread) → hash → tar entries → objects beneath the directory → times of directories → one JSON line.
 * --inside takes a directory of the tree for its root, so that no link of the archive leads out of it (ADD);
 * --at unpacks below that path of the tree, whose root stays the root of symlinks; --rename gives the first component of names another name.
 * Of what a person gives (a build context, an archive of ADD): `literal` takes whiteouts for files, --devices skip leaves devices out,
 * --compression any reads bzip2 and xz too, --probe only asks (status 2: no archive).
 * --lower names the directories of the layers below, topmost first: a parent that the layer does not bring is made as it is there.
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
#include "../archive/view.h"
#include "copy-up.h"
#include "extract.h"
#include "hide.h"
#include "stream.h"
#include "tree.h"
#include "usage.h"

static const char usage[] =
	"usage: tlab-unpack " VIEW_USAGE " [--inside PATH] [--at PATH] [--whiteouts overlay|remove|literal] [--devices skip] [--lower DIR]... [--rename FROM TO] "
	"[--owner UID:GID | --no-owner] [--keep-kind] [--compression any] [--max-bytes N] [--max-ratio N] [--max-entries N] [--usage] < LAYER; "
	"tlab-unpack --probe < FILE";

struct options {
	const char *inside; /* the directory of the tree that is taken for a whole one */
	const char *at; /* a place in the tree */
	bool probe;     /* only say whether it is an archive */
	bool usage;     /* say what the directory takes on disk, too */
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

/* `UID:GID` */
static void parse_owner(struct extraction *extraction, const char *text)
{
	char rest;
	if (sscanf(text, "%u:%u%c", &extraction->uid, &extraction->gid, &rest) != 2)
		fail("--owner \"%s\": expected UID:GID", text);
	extraction->ownership = owner_given;
}

/* Options without a value. */
static bool parse_switch(struct options *options, const char *flag)
{
	if (strcmp(flag, "--no-owner") == 0)
		options->extraction.ownership = owner_mine;
	else if (strcmp(flag, "--keep-kind") == 0)
		options->extraction.keep_kind = true;
	else if (strcmp(flag, "--usage") == 0)
		options->usage = true;
	else if (strcmp(flag, "--probe") == 0)
		options->probe = options->limits.any_compression = true;
	else
		return false;
	return true;
}

static void parse_value(struct options *options, const char *flag, const char *value)
{
	if (strcmp(flag, "--inside") == 0)
		options->inside = value;
	else if (strcmp(flag, "--at") == 0)
		options->at = value;
	else if (strcmp(flag, "--devices") == 0 && strcmp(value, "skip") == 0)
		options->extraction.skip_devices = true;
	else if (strcmp(flag, "--compression") == 0 && strcmp(value, "any") == 0)
		options->limits.any_compression = true;
	else if (strcmp(flag, "--whiteouts") == 0 && strcmp(value, "overlay") == 0)
		options->extraction.whiteouts = whiteouts_overlay;
	else if (strcmp(flag, "--whiteouts") == 0 && strcmp(value, "remove") == 0)
		options->extraction.whiteouts = whiteouts_remove;
	else if (strcmp(flag, "--whiteouts") == 0 && strcmp(value, "literal") == 0)
		options->extraction.whiteouts = whiteouts_literal;
	else if (strcmp(flag, "--lower") == 0)
		tree_add_lower(value);
	else if (strcmp(flag, "--owner") == 0)
		parse_owner(&options->extraction, value);
	else if (strcmp(flag, "--max-bytes") == 0)
		options->limits.most_bytes = number(flag, value);
	else if (strcmp(flag, "--max-ratio") == 0)
		options->limits.most_ratio = number(flag, value);
	else if (strcmp(flag, "--max-entries") == 0)
		options->limits.most_entries = number(flag, value);
	else
		fail("%s %s: %s", flag, value, usage);
}

/* Returns how many arguments it was. */
static int parse_option(struct options *options, char **arguments)
{
	int taken = view_option(arguments);
	if (taken > 0)
		return taken;
	if (parse_switch(options, arguments[0]))
		return 1;
	if (!arguments[1])
		fail("%s: %s", arguments[0], usage);
	if (strcmp(arguments[0], "--rename") == 0 && arguments[2]) {
		tree_rename(arguments[1], arguments[2]);
		return 3;
	}
	parse_value(options, arguments[0], arguments[1]);
	return 2;
}

/* gzip cannot do better than 1032 to 1; real layers are below 100. Small ones may be anything. */
static struct options parse(char **argv)
{
	struct options options = {
		.at = "/",
		.limits = { .most_bytes = UINT64_C(128) << 30,
		            .most_ratio = 500,
		            .ratio_from = UINT64_C(256) << 20,
		            .most_entries = 4000000 },
	};
	for (argv++; *argv;)
		argv += parse_option(&options, argv);
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

static void print_usage(int root)
{
	struct usage usage;
	usage_of(root, &usage);
	printf(",\"usage\":{\"sizeBytes\":%" PRIu64 ",\"fileBytes\":%" PRIu64 ",\"inodes\":%" PRIu64 "}",
	       usage.size_bytes, usage.file_bytes, usage.inodes);
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
	char prefix[PATH_MAX];
	int root = view_open();
	if (options.inside)
		root = view_enter(root, options.inside);
	view_resolve(root, options.at, true, prefix);
	tree_open(root, prefix);
	hide_begin(options.extraction.whiteouts);
	copy_up_limit(options.limits.most_bytes);
	confine_to(root, kept);
	stream_start(&options.limits);
	struct archive *tar = stream_tar();
	uint64_t entries = extract_all(tar, &options);
	extract_finish();
	struct totals totals;
	stream_finish(tar, &totals);
	archive_read_free(tar);
	printf("{\"entries\":%" PRIu64 ",\"bytesIn\":%" PRIu64 ",\"bytesOut\":%" PRIu64
	       ",\"diffId\":\"%s\",\"digest\":\"%s\",\"skippedXattrs\":%" PRIu64,
	       entries, totals.bytes_in, totals.bytes_out, totals.diff_id, totals.digest,
	       options.extraction.skipped_xattrs);
	if (options.usage)
		print_usage(root);
	puts("}");
	return fflush(stdout) == 0 ? 0 : 1;
}
