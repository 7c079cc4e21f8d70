/*
 * tlab-copy: what the builder does to trees that strangers filled: list them, hash their files, copy from one into another, mount a part of one.
 * TypeScript decides what is copied to where; this does it, name by name, and never leaves the trees (tree.h).
 */
#include <errno.h>
#include <inttypes.h>
#include <linux/capability.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include "../archive/confine.h"
#include "../archive/failure.h"
#include "verbs.h"

static const char usage[] =
	"usage: tlab-copy list|sum|read --root DIR | with --root DIR -- PROGRAM [ARGUMENT]... | bind --root DIR --to PATH [--read-only] | "
	"copy --from DIR --to DIR [--owner UID:GID] [--context] [--mode OCTAL] [--newest SECONDS]; requests on stdin";

static void parse_owner(struct arguments *arguments, const char *value)
{
	char rest;
	arguments->has_owner = sscanf(value, "%u:%u%c", &arguments->uid, &arguments->gid, &rest) == 2;
	if (!arguments->has_owner)
		fail("--owner \"%s\": expected UID:GID", value);
}

static int parse_option(struct arguments *arguments, const char *flag, const char *value)
{
	if (strcmp(flag, "--context") == 0)
		return arguments->owned_by_root = true, 1;
	if (strcmp(flag, "--read-only") == 0)
		return arguments->read_only = true, 1;
	if (strcmp(flag, "--") == 0)
		return 0;
	if (!value)
		fail("%s: %s", flag, usage);
	if (strcmp(flag, "--root") == 0)
		arguments->root = value;
	else if (strcmp(flag, "--from") == 0)
		arguments->from = value;
	else if (strcmp(flag, "--to") == 0)
		arguments->to = value;
	else if (strcmp(flag, "--owner") == 0)
		parse_owner(arguments, value);
	else if (strcmp(flag, "--mode") == 0)
		arguments->has_mode = true, arguments->mode = (mode_t)strtoul(value, NULL, 8) & 07777;
	else if (strcmp(flag, "--newest") == 0)
		arguments->newest = strtoll(value, NULL, 10);
	else
		fail("%s %s: %s", flag, value, usage);
	return 2;
}

/* A directory is kept open while what is in it is listed; paths are shorter than this allows. */
static void allow_depth(void)
{
	struct rlimit limit;
	if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
		limit.rlim_cur = limit.rlim_max;
		setrlimit(RLIMIT_NOFILE, &limit);
	}
}

/* Files of any owner and mode, devices, file capabilities; SYS_ADMIN for trusted.* attributes. @source man capabilities(7) */
static const int kept[] = { CAP_CHOWN, CAP_DAC_OVERRIDE, CAP_FOWNER,    CAP_FSETID,
	                    CAP_MKNOD, CAP_SETFCAP,      CAP_SYS_ADMIN, -1 };

int main(int argc, char **argv)
{
	struct arguments arguments = { .newest = INT64_MAX };
	failure_program("tlab-copy");
	if (argc < 2)
		fail("%s", usage);
	int at = 2;
	for (int taken = 1; at < argc && taken > 0; at += taken)
		taken = parse_option(&arguments, argv[at], argv[at + 1]);
	/* Nobody is left who would use what is made. */
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	allow_depth();
	umask(0);
	/* `with` hands its rights on; the other program gives up its own. */
	if (strcmp(argv[1], "with") != 0)
		confine_capabilities(kept);
	if (strcmp(argv[1], "list") == 0)
		verb_list(&arguments);
	else if (strcmp(argv[1], "sum") == 0)
		verb_sum(&arguments);
	else if (strcmp(argv[1], "read") == 0)
		verb_read(&arguments);
	else if (strcmp(argv[1], "with") == 0 && at + 1 < argc)
		verb_with(&arguments, argv + at + 1);
	else if (strcmp(argv[1], "copy") == 0)
		verb_copy(&arguments);
	else if (strcmp(argv[1], "bind") == 0)
		verb_bind(&arguments);
	else
		fail("%s: %s", argv[1], usage);
	if (fflush(stdout) != 0)
		fail_call("write(2)");
	return 0;
}
