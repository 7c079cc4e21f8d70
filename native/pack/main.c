/*
 * tlab-pack: a directory tree as a tar archive on stdout, and the digests of what went through, in one pass.
 *   walk in order of names → one tar entry an object → hash → compress → hash → stdout; one JSON line of what it was on --report.
 * --path packs what has that name in the tree, --name says what it is called in the archive; --stat only tells what it is.
 * --upper takes the directory for an overlay's upper one: its whiteouts become .wh. files. --against packs what differs from
 * another tree, in the same form. --list prints such changes instead (`C /path`, `A`, `D`, each ended by NUL). --ignore leaves out what is new and
 * an empty file, or a directory, at that path.
 * The same tree gives the same bytes. What cannot be packed ends in one line and status 1 (3 when the disk is full).
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <linux/capability.h>
#include <locale.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../archive/confine.h"
#include "../archive/failure.h"
#include "../archive/view.h"
#include "output.h"
#include "walk.h"

static const char usage[] = "usage: tlab-pack " VIEW_USAGE " [--path PATH [--follow]] [--name NAME] [--upper] [--against DIR[:DIR...]] [--ignore PATH]... [--list | --stat] "
			    "[--compression none|gzip|zstd] [--clamp SECONDS] [--report FD] > ARCHIVE";

enum { most_ignored = 64 };

struct options {
	const char *ignored[most_ignored + 1];
	int ignored_count;
	const char *path, *against, *name;
	bool is_upper, is_list, is_stat, follow;
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
static int parse_option(struct options *options, char **arguments)
{
	const char *flag = arguments[0], *value = arguments[1];
	int taken = view_option(arguments);
	if (taken > 0)
		return taken;
	if (strcmp(flag, "--upper") == 0)
		return options->is_upper = true, 1;
	if (strcmp(flag, "--list") == 0)
		return options->is_list = true, 1;
	if (strcmp(flag, "--stat") == 0)
		return options->is_stat = true, 1;
	if (strcmp(flag, "--follow") == 0)
		return options->follow = true, 1;
	if (!value)
		fail("%s: %s", flag, usage);
	if (strcmp(flag, "--path") == 0)
		options->path = value;
	else if (strcmp(flag, "--against") == 0)
		options->against = value;
	else if (strcmp(flag, "--name") == 0)
		options->name = value;
	else if (strcmp(flag, "--compression") == 0)
		options->compression = compression_of(value);
	else if (strcmp(flag, "--ignore") == 0 && options->ignored_count < most_ignored)
		options->ignored[options->ignored_count++] = value + strspn(value, "/");
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
	struct options options = { .path = "/", .name = "", .clamp_seconds = INT64_MAX, .report = -1 };
	for (argv++; *argv;)
		argv += parse_option(&options, argv);
	return options;
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

/* `mode size seconds nanoseconds path`, the mode in octal; the path without symlinks, of a symlink where it leads within the tree. */
static int print_stat(const struct options *options, int root)
{
	char resolved[PATH_MAX], target[PATH_MAX];
	struct stat stat;
	view_resolve(root, options->path, options->follow, resolved);
	if (fstatat(root, *resolved ? resolved : ".", &stat, AT_SYMLINK_NOFOLLOW) < 0)
		fail_call("fstatat(2)");
	if (S_ISLNK(stat.st_mode))
		view_target(root, resolved, target);
	else
		snprintf(target, sizeof target, "/%.*s", PATH_MAX - 2, resolved);
	printf("%o %lld %lld %ld %s", stat.st_mode, (long long)stat.st_size, (long long)stat.st_mtim.tv_sec,
	       stat.st_mtim.tv_nsec, target);
	return fflush(stdout) == 0 ? 0 : 1;
}

static int pack(const struct options *options, struct walk *walk, int parent, const char *name)
{
	struct totals totals;
	walk->packing->tar = output_start(options->compression);
	walk_tree(walk, parent, name, options->name);
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
	int root = view_open();
	if (options.is_stat)
		return print_stat(&options, root);
	char resolved[PATH_MAX], name[NAME_MAX + 1];
	view_resolve(root, options.path, options.follow, resolved);
	int below = options.against ? view_below(options.against) : -1;
	confine_to(root, kept);
	int parent = view_parent(root, resolved, name);
	struct packing packing = { .clamp_seconds = options.clamp_seconds };
	struct walk walk = { .packing = &packing, .is_upper = options.is_upper, .below = below, .is_list = options.is_list, .ignored = options.ignored };
	if (!options.is_list)
		return pack(&options, &walk, parent, name);
	walk_tree(&walk, parent, name, "");
	return fflush(stdout) == 0 ? 0 : 1;
}
