/*
 * exec --cgroup: the joins of an exec's plan go to cgroups below those of the container, which must be there. On version 1 a path may be
 * given for some controllers alone. @source man runc-exec(8)
 * Rule: never outside of the container's own cgroups, so no "..".
 */
#include "exec-cgroup.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define HIERARCHIES "/sys/fs/cgroup/"

/* Whether a list `cpu,memory` and the name of a hierarchy's directory, `cpu,cpuacct`, have one in common. */
static bool has_common(const char *list, size_t length, const char *directory)
{
	size_t end = strcspn(directory, "/");
	for (const char *at = list; at < list + length; at += strcspn(at, ",:") + 1) {
		size_t size = strcspn(at, ",:");
		for (const char *other = directory; other < directory + end; other += strcspn(other, ",/") + 1)
			if (size == strcspn(other, ",/") && strncmp(at, other, size) == 0)
				return true;
	}
	return false;
}

static bool climbs(const char *path)
{
	for (; *path; path += strspn(path, "/")) {
		size_t length = strcspn(path, "/");
		if (length == 2 && path[0] == '.' && path[1] == '.')
			return true;
		path += length;
	}
	return false;
}

/* The last word that is for this cgroup: its path; NULL for none. */
static const char *wanted_for(const struct words *words, const char *cgroup, bool used[MAX_WORDS])
{
	const char *wanted = NULL;
	bool is_below = strncmp(cgroup, HIERARCHIES, sizeof HIERARCHIES - 1) == 0;
	for (unsigned i = 0; i < words->count; i++) {
		const char *colon = strchr(words->items[i], ':');
		if (colon && !(is_below && has_common(words->items[i], (size_t)(colon - words->items[i]), cgroup + sizeof HIERARCHIES - 1)))
			continue;
		used[i] = true;
		wanted = colon ? colon + 1 : words->items[i];
	}
	return wanted;
}

/* In a hybrid layout the hierarchy of version 2 has no controllers: what is not there is not asked for. */
static bool is_optional(const struct plan *plan, const struct operation *join, const char *path)
{
	bool is_hybrid = false;
	for (uint32_t i = 0; i < plan->count; i++)
		is_hybrid |= plan->operations[i].code == OP_CGROUP_JOIN && plan->operations[i].actor == ACTOR_INIT;
	return is_hybrid && join->actor == ACTOR_RUNTIME && access(path, F_OK) < 0;
}

static int move_join(struct plan *plan, struct operation *join, const char *below, struct failure *failure)
{
	const char *cgroup = join->arguments[CGROUP_JOIN_PATH].string;
	char *path = malloc(PATH_MAX);
	int length = path ? snprintf(path, PATH_MAX, "%s/%s", cgroup, below + strspn(below, "/")) : -1;
	if (length < 0 || length >= PATH_MAX)
		return fail_plain(failure, "--cgroup \"%s\": its path is too long", below);
	while (length > 1 && path[length - 1] == '/')
		path[--length] = '\0';
	if (is_optional(plan, join, path))
		free(path);
	else
		join->arguments[CGROUP_JOIN_PATH].string = path; /* as long as the plan, which ends with this program */
	return 0;
}

int exec_cgroups(struct plan *plan, const struct words *words, struct failure *failure)
{
	bool used[MAX_WORDS] = { false };
	for (unsigned i = 0; i < words->count; i++)
		if (climbs(words->items[i]))
			return fail_plain(failure, "--cgroup \"%s\": expected a path below the container's cgroup, without \"..\"", words->items[i]);
	for (uint32_t i = 0; i < plan->count; i++) {
		struct operation *join = &plan->operations[i];
		if (join->code != OP_CGROUP_JOIN)
			continue;
		const char *below = wanted_for(words, join->arguments[CGROUP_JOIN_PATH].string, used);
		if (below && move_join(plan, join, below, failure) < 0)
			return -1;
	}
	for (unsigned i = 0; i < words->count; i++)
		if (!used[i])
			return fail_plain(failure, "--cgroup \"%s\": the container has no cgroup of such a controller", words->items[i]);
	return 0;
}
