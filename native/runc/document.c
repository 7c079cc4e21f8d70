#include "document.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../common/sha256.h"
#include "node.h"

#define DOCUMENT_MAX_BYTES (8u << 20)

static int compile(const struct compilation *compilation, const struct options *options, struct failure *failure)
{
	int status = 0;
	pid_t pid = fork();
	if (pid == 0)
		node_compile(compilation, options);
	if (pid < 0 || waitpid(pid, &status, 0) < 0)
		return fail_call(failure, "fork(2)", "compiling \"%s\"", compilation->bundle);
	if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
		return 0;
	failure->text[0] = '\0'; /* the compiler has said it, on the same log and stream */
	return -1;
}

int document_make(char path[32], char **argv, int verb_at, struct failure *failure)
{
	int status = 0, memory = memfd_create("tlab-process", 0); /* whoever makes and reads it inherits it */
	if (memory < 0)
		return fail_call(failure, "memfd_create(2)", "making the process document");
	snprintf(path, 32, "/proc/self/fd/%d", memory);
	pid_t pid = fork();
	if (pid == 0)
		node_document(argv, verb_at, path);
	if (pid < 0 || waitpid(pid, &status, 0) < 0)
		fail_call(failure, "fork(2)", "making the process document");
	else if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
		return memory;
	else
		failure->text[0] = '\0'; /* said already */
	close(memory);
	return -1;
}

static int read_for(struct plan *plan, int fd, const char *path, const char *sha, struct failure *failure)
{
	if (plan_read(plan, fd, path, failure) < 0)
		return -1;
	if (strcmp(plan->sha256, sha) != 0)
		return fail_plain(failure, "reading the plan \"%s\": it was compiled from another document", path);
	return 0;
}

static void hash(const uint8_t *text, size_t size, char sha[65])
{
	struct sha256 sha256;
	uint8_t digest[32];
	sha256_begin(&sha256);
	sha256_update(&sha256, text, size);
	sha256_end(&sha256, digest);
	sha256_hex(digest, sha);
}

/*
 * Another user's plan beside a document that one has read would be run in its place. What is looked at is what is then read: the
 * name may be another's to change. -1: there is none of ours.
 */
static int open_own_plan(const char *path)
{
	struct stat status;
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOFOLLOW);
	if (fd >= 0 && fstat(fd, &status) == 0 && S_ISREG(status.st_mode) && (status.st_uid == geteuid() || status.st_uid == 0) &&
	    (status.st_mode & (S_IWGRP | S_IWOTH)) == 0)
		return fd;
	if (fd >= 0)
		close(fd);
	return -1;
}

static bool can_write(const char *bundle)
{
	char plans[PATH_MAX + 8];
	snprintf(plans, sizeof plans, "%s/plans", bundle);
	return access(access(plans, F_OK) == 0 ? plans : bundle, W_OK) == 0;
}

/* A bundle that this user may only read keeps no plan: it is handed over in memory. */
static int compile_and_read(struct plan *plan, struct compilation compilation, const char *sha,
                            const struct options *options, struct failure *failure)
{
	char path[32];
	int memory = -1;
	if (!can_write(compilation.bundle)) {
		memory = memfd_create("tlab-plan", 0); /* the compiler inherits it */
		if (memory < 0)
			return fail_call(failure, "memfd_create(2)", "compiling \"%s\"", compilation.bundle);
		snprintf(path, sizeof path, "/proc/self/fd/%d", memory);
		compilation.output = path;
	}
	int result = compile(&compilation, options, failure);
	if (result == 0 && memory < 0 && (memory = open_own_plan(compilation.output)) < 0)
		result = fail_plain(failure, "reading the plan \"%s\": another user has put it in the place of the one just made",
		                    compilation.output);
	if (result == 0)
		result = read_for(plan, memory, compilation.output, sha, failure);
	if (memory >= 0)
		close(memory);
	return result;
}

int document_plan(struct plan *plan, const char *bundle, const char *document, const struct options *options,
                  struct failure *failure)
{
	char source[PATH_MAX], path[PATH_MAX + 96], sha[65];
	size_t size = 0;
	*plan = (struct plan){ 0 };
	int n = document ? snprintf(source, sizeof source, "%s", document) : snprintf(source, sizeof source, "%s/config.json", bundle);
	if (n < 0 || (size_t)n >= sizeof source)
		return fail_plain(failure, "\"%s\": its path is too long", bundle);
	uint8_t *text = read_whole(AT_FDCWD, source, DOCUMENT_MAX_BYTES, &size);
	if (!text)
		return fail_call(failure, "open(2)", "reading \"%s\"", source);
	hash(text, size, sha);
	free(text);
	if (options->rootless)
		snprintf(path, sizeof path, "%s/plans/%s.%u.plan", bundle, sha, (unsigned)geteuid());
	else
		snprintf(path, sizeof path, "%s/plans/%s%s.plan", bundle, sha, options->systemd_cgroup ? ".systemd" : "");

	int own = open_own_plan(path);
	if (own >= 0) {
		int result = read_for(plan, own, path, sha, failure);
		close(own);
		if (result < 0)
			return -1;
		if (strcmp(plan->facts[FACT_CONTAINER_ID].string, options->id) == 0)
			return 0;
		plan_free(plan);
	}
	if (compile_and_read(plan, (struct compilation){ bundle, document, path }, sha, options, failure) < 0)
		return -1;
	if (strcmp(plan->facts[FACT_CONTAINER_ID].string, options->id) != 0)
		return fail_plain(failure, "reading the plan \"%s\": it was compiled for another container", path);
	return 0;
}
