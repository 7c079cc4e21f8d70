/* What verbs do with a living container's cgroups: signal, freeze, remove. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <limits.h>

#include "cgroup.h"

#define REMOVE_DEADLINE_MS 5000
#define FREEZE_DEADLINE_MS 2000 /* runc gives up after some 0.5 s */

static long now_ms(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return (long)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

int cgroups_each(const struct plan *plan, int (*each)(const char *path, void *context), void *context)
{
	for (uint32_t i = 0; i < plan->count; i++)
		if (plan->operations[i].code == OP_CGROUP_JOIN &&
		    each(plan->operations[i].arguments[CGROUP_JOIN_PATH].string, context) < 0)
			return -1;
	return 0;
}

int cgroup_open(const char *path)
{
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	if (fd >= 0 && !is_cgroup_fd(fd)) {
		close(fd);
		errno = ENOTSUP;
		return -1;
	}
	return fd;
}

/* A threaded cgroup names no processes; every number that it does name can be signalled. @source kernel cgroup-v2.rst, Threads */
FILE *cgroup_members(int dir)
{
	char byte;
	int fd = openat(dir, "cgroup.procs", O_RDONLY | O_CLOEXEC);
	if (fd >= 0 && pread(fd, &byte, 1, 0) < 0 && errno == EOPNOTSUPP) {
		close(fd);
		fd = openat(dir, "cgroup.threads", O_RDONLY | O_CLOEXEC);
	}
	return fd < 0 ? NULL : fdopen(fd, "r");
}

/* ── signal ── */

struct signalling {
	int sig;
	unsigned sent;
};

static void signal_members(int dir, struct signalling *signalling)
{
	FILE *members = cgroup_members(dir);
	long pid;
	while (members && fscanf(members, "%ld", &pid) == 1)
		if (pid > 1 && kill((pid_t)pid, signalling->sig) == 0)
			signalling->sent++;
	if (members)
		fclose(members);
}

void cgroup_walk(int parent, const char *name, cgroup_visit visit, void *context)
{
	int dir = openat(parent, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	if (dir < 0)
		return;
	int listing = is_cgroup_fd(dir) ? dup(dir) : -1;
	DIR *entries = listing < 0 ? NULL : fdopendir(listing);
	for (struct dirent *entry; entries && (entry = readdir(entries));)
		if (entry->d_type == DT_DIR && entry->d_name[0] != '.')
			cgroup_walk(dir, entry->d_name, visit, context);
	if (entries) {
		closedir(entries);
		visit(parent, name, dir, context);
	}
	close(dir);
}

static void visit_signal(int parent, const char *name, int dir, void *context)
{
	(void)parent;
	(void)name;
	signal_members(dir, context);
}

/* All at once, also what forks meanwhile and what is below: version 2 since Linux 5.14. @source kernel cgroup-v2.rst cgroup.kill */
static bool kill_whole(int dir)
{
	int fd = openat(dir, "cgroup.kill", O_WRONLY | O_CLOEXEC);
	bool killed = fd >= 0 && write(fd, "1", 1) == 1;
	if (fd >= 0)
		close(fd);
	return killed;
}

/* One hierarchy is enough: every one of them holds all of the container's processes. */
static int signal_first(const char *path, void *context)
{
	int dir = cgroup_open(path);
	if (dir < 0)
		return 0;
	close(dir);
	cgroup_walk(AT_FDCWD, path, visit_signal, context);
	return -1;
}

static int kill_first(const char *path, void *context)
{
	bool *killed = context;
	int dir = cgroup_open(path);
	if (dir < 0)
		return 0;
	*killed = kill_whole(dir);
	close(dir);
	return *killed ? -1 : 0;
}

bool cgroups_kill(const struct plan *plan)
{
	bool killed = false;
	cgroups_each(plan, kill_first, &killed);
	return killed;
}

int cgroups_signal(const struct plan *plan, int sig, unsigned *sent)
{
	struct signalling signalling = { .sig = sig };
	if (sig != SIGKILL || !cgroups_kill(plan))
		cgroups_each(plan, signal_first, &signalling);
	if (sent)
		*sent = signalling.sent;
	return 0;
}

/* ── remove ── */

/* Where the kernel can kill all at once, nothing that forks meanwhile gets away; else one number after the other. */
static void visit_remove(int parent, const char *name, int dir, void *context)
{
	int *busy = context;
	if (unlinkat(parent, name, AT_REMOVEDIR) == 0 || errno == ENOENT)
		return;
	struct signalling kill_all = { .sig = SIGKILL };
	*busy = EBUSY;
	if (!kill_whole(dir))
		signal_members(dir, &kill_all);
}

static int remove_one(const char *path, void *context)
{
	long deadline = now_ms() + REMOVE_DEADLINE_MS;
	int busy, wait_ms = 1;
	do {
		busy = 0;
		if (rmdir(path) == 0 || errno == ENOENT)
			return 0;
		int dir = cgroup_open(path);
		if (dir < 0)
			return 0; /* not a cgroup: none of ours */
		close(dir);
		cgroup_walk(AT_FDCWD, path, visit_remove, &busy);
		if (busy && now_ms() < deadline) /* a killed process leaves its cgroup only when it is reaped */
			poll(NULL, 0, wait_ms);
		wait_ms = wait_ms < 50 ? wait_ms * 2 : 50;
	} while (busy && now_ms() < deadline);
	if (!busy)
		return 0;
	errno = EBUSY;
	return fail_call(context, "rmdir(2)", "removing cgroup \"%s\"", path);
}

int cgroups_remove(const struct plan *plan, struct failure *failure)
{
	return cgroups_each(plan, remove_one, failure);
}

/* ── freezer ── */

struct freezer {
	int dir;
	int file; /* freezer.state, or cgroup.freeze */
	bool version2;
	char path[PATH_MAX];
};

static const struct freezer no_freezer = { .dir = -1, .file = -1 };

static void freezer_close(struct freezer *freezer)
{
	if (freezer->file < 0)
		return;
	close(freezer->file);
	close(freezer->dir);
}

static int find_freezer(const char *path, void *context)
{
	struct freezer *freezer = context;
	int dir = cgroup_open(path);
	if (dir < 0)
		return 0;
	int version1 = openat(dir, "freezer.state", O_RDWR | O_CLOEXEC);
	int found = version1 >= 0 ? version1 : openat(dir, "cgroup.freeze", O_RDWR | O_CLOEXEC);
	if (found < 0) {
		close(dir);
		return 0;
	}
	freezer_close(freezer);
	*freezer = (struct freezer){ .dir = dir, .file = found, .version2 = version1 < 0 };
	snprintf(freezer->path, sizeof freezer->path, "%s", path);
	return version1 >= 0 ? -1 : 0; /* where both are, version 1 has the freezer */
}

static bool has_word(const struct freezer *freezer, const char *file, const char *word)
{
	char text[256] = "";
	int fd = openat(freezer->dir, file, O_RDONLY | O_CLOEXEC);
	bool has = fd >= 0 && read(fd, text, sizeof text - 1) > 0 && strstr(text, word);
	if (fd >= 0)
		close(fd);
	return has;
}

/* That this cgroup itself shall be frozen: what is frozen from above, no verb of this container can thaw. @source man cgroups(7) */
static bool is_asked_to_freeze(const struct freezer *freezer)
{
	return freezer->version2 ? has_word(freezer, "cgroup.freeze", "1") : has_word(freezer, "freezer.self_freezing", "1");
}

/* And that it is: until the last process stands still, it is not. */
static bool read_frozen(const struct freezer *freezer)
{
	return is_asked_to_freeze(freezer) &&
	       (freezer->version2 ? has_word(freezer, "cgroup.events", "frozen 1") : has_word(freezer, "freezer.state", "FROZEN"));
}

static bool ask_freezer(const struct plan *plan, bool (*question)(const struct freezer *freezer))
{
	struct freezer freezer = no_freezer;
	cgroups_each(plan, find_freezer, &freezer);
	bool answer = freezer.file >= 0 && question(&freezer);
	freezer_close(&freezer);
	return answer;
}

bool cgroups_frozen(const struct plan *plan)
{
	return ask_freezer(plan, read_frozen);
}

bool cgroups_freezing(const struct plan *plan)
{
	return ask_freezer(plan, is_asked_to_freeze);
}

/*
 * Version 1 may miss a process that forks meanwhile: writing again is the documented way. @source man cgroups(7)
 * What does not come to stand still goes on whole: half of a container in FREEZING helps nobody. @source runc libcontainer cgroups fs freezer
 */
int cgroups_freeze(const struct plan *plan, bool frozen, struct failure *failure)
{
	struct freezer freezer = no_freezer;
	const char *value;
	long deadline = now_ms() + FREEZE_DEADLINE_MS;
	int result = 0;
	cgroups_each(plan, find_freezer, &freezer);
	if (freezer.file < 0)
		return fail_plain(failure, "the container has no freezer cgroup");
	value = freezer.version2 ? (frozen ? "1" : "0") : (frozen ? "FROZEN" : "THAWED");
	do {
		if (pwrite(freezer.file, value, strlen(value), 0) < 0) {
			result = fail_call(failure, "write(2)", "writing %s to the freezer of \"%s\"", value, freezer.path);
			break;
		}
		if (read_frozen(&freezer) == frozen)
			break;
		poll(NULL, 0, 1);
		if (now_ms() > deadline)
			result = fail_plain(failure, "the freezer of \"%s\" did not reach %s", freezer.path, value);
	} while (result == 0);
	if (result < 0 && frozen)
		(void)!pwrite(freezer.file, freezer.version2 ? "0" : "THAWED", freezer.version2 ? 1 : 6, 0);
	freezer_close(&freezer);
	return result;
}
