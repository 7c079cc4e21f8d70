/*
 * Before anything is made: a container begins in cgroups that nobody is in and that are not frozen. In one with processes its
 * limits, its numbers, and at the end the kill would be theirs too; in a frozen one its first process would stand still for ever.
 * runc 1.1 only warns of the first and refuses since 1.2; the words are its own, since engines above compare them.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cgroup.h"

static void count_members(int parent, const char *name, int dir, void *context)
{
	(void)parent;
	(void)name;
	long pid;
	unsigned *count = context;
	FILE *members = cgroup_members(dir);
	while (members && fscanf(members, "%ld", &pid) == 1)
		(*count)++;
	if (members)
		fclose(members);
}

static bool starts_with(int dir, const char *file, const char *word)
{
	char text[16] = "";
	int fd = openat(dir, file, O_RDONLY | O_CLOEXEC);
	bool does = fd >= 0 && read(fd, text, sizeof text - 1) > 0 && strncmp(text, word, strlen(word)) == 0;
	if (fd >= 0)
		close(fd);
	return does;
}

/* Version 1 says it of all levels in one (FREEZING, then FROZEN), version 2 of each for itself. */
static bool is_frozen(int dir)
{
	return starts_with(dir, "freezer.state", "FR") || starts_with(dir, "cgroup.freeze", "1");
}

/* Cuts `path` down to the level that is frozen: what is made below one is frozen from birth. */
static bool is_frozen_above(char *path)
{
	for (char *slash; (slash = strrchr(path, '/')) && slash != path; *slash = '\0') {
		int dir = cgroup_open(path);
		if (dir < 0 && errno != ENOENT)
			return false; /* above the hierarchy, or none */
		bool frozen = dir >= 0 && is_frozen(dir);
		if (dir >= 0)
			close(dir);
		if (frozen)
			return true;
	}
	return false;
}

int cgroups_check_free(const struct plan *plan, struct failure *failure)
{
	for (uint32_t i = 0; i < plan->count; i++) {
		const struct operation *operation = &plan->operations[i];
		const char *path = operation->arguments[CGROUP_JOIN_PATH].string;
		char level[PATH_MAX];
		unsigned count = 0;
		int result = 0;
		if (operation->code != OP_CGROUP_JOIN)
			continue;
		cgroup_walk(AT_FDCWD, path, count_members, &count);
		snprintf(level, sizeof level, "%s", path);
		if (count > 0)
			result = fail_plain(failure, "container's cgroup is not empty: %u process(es) found in \"%s\"", count, path);
		else if (is_frozen_above(level))
			result = fail_plain(failure, "container's cgroup unexpectedly frozen: \"%s\"", level);
		if (result < 0) {
			failure_cause(failure, "config.json", operation->cause);
			return -1;
		}
	}
	return 0;
}
