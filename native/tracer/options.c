#include "options.h"

#include <limits.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <errno.h>

#include "failure.h"

static const char usage[] = "usage: tlab-tracer --output FILE --follow PID[,PID...] [--buffer MB]";

static void parse_follow(struct options *options, const char *list)
{
	for (const char *at = list;; at++) {
		char *end;
		errno = 0;
		long pid = strtol(at, &end, 10);
		if (end == at || errno || pid <= 0 || pid > INT_MAX || *at < '0' || *at > '9' || (*end != ',' && *end != '\0'))
			fail(STATUS_USAGE, "--follow \"%s\": expected process ids with commas between", list);
		if (options->follows == FOLLOW_MOST)
			fail(STATUS_USAGE, "--follow: at most %d processes", FOLLOW_MOST);
		if (kill((pid_t)pid, 0) < 0 && errno == ESRCH)
			fail(STATUS_USAGE, "--follow: no process %ld", pid);
		options->follow[options->follows++] = (pid_t)pid;
		at = end;
		if (*at == '\0')
			return;
	}
}

static unsigned parse_buffer(const char *text)
{
	char *end;
	unsigned long mb = strtoul(text, &end, 10);
	if (*end || mb < 1 || mb > 1024 || (mb & (mb - 1)))
		fail(STATUS_USAGE, "--buffer \"%s\": expected MB, a power of two from 1 to 1024", text);
	return (unsigned)mb;
}

struct options options_parse(int count, char **words)
{
	struct options options = { .buffer_mb = 16 };
	for (int i = 1; i < count; i += 2) {
		const char *flag = words[i], *value = words[i + 1];
		if (!value)
			fail(STATUS_USAGE, "%s: a value is missing; %s", flag, usage);
		if (strcmp(flag, "--output") == 0)
			options.output = value;
		else if (strcmp(flag, "--follow") == 0)
			parse_follow(&options, value);
		else if (strcmp(flag, "--buffer") == 0)
			options.buffer_mb = parse_buffer(value);
		else
			fail(STATUS_USAGE, "%s: unknown; %s", flag, usage);
	}
	if (!options.output || options.follows == 0)
		fail(STATUS_USAGE, "%s", usage);
	return options;
}
