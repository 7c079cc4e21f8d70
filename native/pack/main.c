/*
 * tlab-pack: a directory tree as a tar archive on stdout, and the digests of what went through, in one pass.
 *   walk in order of names → one tar entry an object → hash → compress → hash → stdout; one JSON line of what it was on --report.
 * --upper takes the directory for an overlay's upper one: its whiteouts become .wh. files. --against packs what differs from
 * another tree, in the same form. --list prints such changes instead (`C /path`, `A`, `D`, each ended by NUL).
 * The same tree gives the same bytes. What cannot be packed ends in one line and status 1 (3 when the disk is full).
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/capability.h>
#include <locale.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include "../archive/confine.h"
#include "../archive/failure.h"
#include "output.h"
#include "walk.h"

static const char usage[] = "usage: tlab-pack --directory DIR [--upper] [--against DIR] [--list] [--name NAME] [--compression none|gzip|zstd] "
			    "[--clamp SECONDS] [--report FD] > ARCHIVE";

struct options {
	const char *directory, *against, *name;
	bool is_upper, is_list;
	enum compression compression;
	int64_t clamp_seconds;
	int report;
};

/* To read every file and directory; SYS_ADMIN for trusted.*; FOWNER to leave access times alone. @source man capabilities(7) */
static const int kept[] = { CAP_DAC_READ_SEARCH, CAP_DAC_OVERRIDE, CAP_FOWNER, CAP_SYS_ADMIN, -1 };

static int64_t number(const char *flag, const char *text)
{
	char *end;
	long long value = strtoll(text, &end, 10);
	if (*text == '\0' || *end || value < 0)
		fail("%s \"%s\": expected a number", flag, text);
	return value;
}

static enum compression compression_of(const char *text)
{
	static const char *const names[] = { "none", "gzip", "zstd" };
	for (int i = 0; i < 3; i++)
		if (strcmp(text, names[i]) == 0)
			return (enum compression)i;
	fail("--compression \"%s\": expected none, gzip or zstd", text);
}

/* Returns how many arguments it was. */
static int parse_option(struct options *options, const char *flag, const char *value)
{
	if (strcmp(flag, "--upper") == 0)
		return options->is_upper = true, 1;
	if (strcmp(flag, "--list") == 0)
		return options->is_list = true, 1;
	if (!value)
		fail("%s: %s", flag, usage);
	if (strcmp(flag, "--directory") == 0)
		options->directory = value;
	else if (strcmp(flag, "--against") == 0)
		options->against = value;
	else if (strcmp(flag, "--name") == 0)
		options->name = value;
	else if (strcmp(flag, "--compression") == 0)
		options->compression = compression_of(value);
	else if (strcmp(flag, "--clamp") == 0)
		options->clamp_seconds = number(flag, value);
	else if (strcmp(flag, "--report") == 0)
		options->report = (int)number(flag, value);
	else
		fail("%s: %s", flag, usage);
	return 2;
}

static struct options parse(char **argv)
{
	struct options options = { .name = "", .clamp_seconds = INT64_MAX, .report = -1 };
	for (argv++; *argv;)
		argv += parse_option(&options, argv[0], argv[1]);
	if (!options.directory)
		fail("%s", usage);
	return options;
}

static int open_directory(const char *flag, const char *path)
{
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		fail("%s %s: %s", flag, path, strerror(errno));
	return fd;
}

/* Every level of directories keeps a few descriptors. */
static void allow_depth(void)
{
	struct rlimit limit;
	if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
		limit.rlim_cur = limit.rlim_max;
		setrlimit(RLIMIT_NOFILE, &limit);
	}
}

static void report(int fd, const struct packing *packing, const struct totals *totals)
{
	if (fd >= 0)
		dprintf(fd,
		        "{\"entries\":%" PRIu64 ",\"bytesTar\":%" PRIu64 ",\"bytesOut\":%" PRIu64
		        ",\"diffId\":\"%s\",\"digest\":\"%s\",\"sockets\":%" PRIu64 ",\"changed\":%" PRIu64 "}\n",
		        packing->entries, totals->bytes_tar, totals->bytes_out, totals->diff_id, totals->digest,
		        packing->sockets, packing->changed);
}

static int pack(const struct options *options, struct walk *walk, int directory)
{
	struct totals totals;
	walk->packing->tar = output_start(options->compression);
	walk_tree(walk, directory, ".", options->name);
	output_finish(&totals);
	report(options->report, walk->packing, &totals);
	return 0;
}

int main(int argc, char **argv)
{
	(void)argc;
	failure_program("tlab-pack");
	struct options options = parse(argv);
	/* Nobody is left who would use it: stop with the parent. */
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	signal(SIGPIPE, SIG_IGN);
	setlocale(LC_CTYPE, "C.UTF-8"); /* or libarchive cannot write names beyond ASCII */
	allow_depth();
	int directory = open_directory("--directory", options.directory);
	int below = options.against ? open_directory("--against", options.against) : -1;
	confine_to(directory, kept);
	struct packing packing = { .clamp_seconds = options.clamp_seconds };
	struct walk walk = { .packing = &packing, .is_upper = options.is_upper, .below = below, .is_list = options.is_list };
	if (!options.is_list)
		return pack(&options, &walk, directory);
	walk_tree(&walk, directory, ".", "");
	return fflush(stdout) == 0 ? 0 : 1;
}
