/* Which runtime, where its state is, and keeping both for the delete action of a later process. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "runtime.h"

static const char saved_name[] = "shim-runtime";

/* tlab-runc beside our own executable; $TLAB_RUNTIME names another, for callers that cannot send options (ctr). */
static char *default_binary(void)
{
	const char *chosen = getenv("TLAB_RUNTIME");
	if (chosen && chosen[0])
		return strdup(chosen);
	char path[PATH_MAX];
	ssize_t n = readlink("/proc/self/exe", path, sizeof path - sizeof "tlab-runc");
	if (n <= 0)
		return strdup("tlab-runc");
	path[n] = '\0';
	char *slash = strrchr(path, '/');
	memcpy(slash + 1, "tlab-runc", sizeof "tlab-runc");
	return strdup(path);
}

static char *root_of(const char *given)
{
	char path[PATH_MAX];
	const char *run_root = getenv("TLAB_RUN_ROOT");
	int n = given && given[0] ? snprintf(path, sizeof path, "%s/%s", given, shim.namespace)
	                          : snprintf(path, sizeof path, "%s/runtime/%s", run_root ? run_root : "/run/tlab", shim.namespace);
	return n > 0 && (size_t)n < sizeof path ? strdup(path) : NULL;
}

bool runtime_defaults(struct runtime *runtime)
{
	char *given = runtime->root;
	runtime->root = root_of(given);
	free(given);
	if (!runtime->binary || !runtime->binary[0]) {
		free(runtime->binary);
		runtime->binary = default_binary();
	}
	return runtime->root && runtime->binary;
}

void runtime_free(struct runtime *runtime)
{
	free(runtime->binary);
	free(runtime->root);
	*runtime = (struct runtime){ 0 };
}

void runtime_save(const struct container *container)
{
	char path[PATH_MAX];
	int n = snprintf(path, sizeof path, "%s/%s", container->bundle, saved_name);
	if (n < 0 || (size_t)n >= sizeof path)
		return;
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0)
		return; /* a full disk: the delete action then uses the defaults */
	dprintf(fd, "%s\n%s\n%d\n", container->runtime.binary, container->runtime.root, container->runtime.systemd_cgroup);
	close(fd);
}

void runtime_unsave(const struct container *container)
{
	char path[PATH_MAX];
	int n = snprintf(path, sizeof path, "%s/%s", container->bundle ? container->bundle : ".", saved_name);
	if (n > 0 && (size_t)n < sizeof path)
		unlink(path);
}

static char *read_line(FILE *file)
{
	char line[PATH_MAX];
	if (!fgets(line, sizeof line, file))
		return NULL;
	line[strcspn(line, "\n")] = '\0';
	return strdup(line);
}

bool runtime_load(struct runtime *runtime)
{
	FILE *file = fopen(saved_name, "re");
	if (!file)
		return runtime_defaults(runtime);
	runtime->binary = read_line(file);
	runtime->root = read_line(file);
	char *systemd = read_line(file);
	runtime->systemd_cgroup = systemd && systemd[0] == '1';
	free(systemd);
	fclose(file);
	return runtime->binary && runtime->root;
}
