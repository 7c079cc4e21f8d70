#include "sealed.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <unistd.h>

#define SELF_VARIABLE "TLAB_RUNC_SELF"
#define SEALS (F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE)
#ifndef MFD_EXEC
#define MFD_EXEC 0x0010U /* since Linux 6.3: executable whatever vm.memfd_noexec says */
#endif

extern char **environ;

static int is_sealed(void)
{
	int fd = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
	int seals = fd < 0 ? -1 : fcntl(fd, F_GET_SEALS);
	if (fd >= 0)
		close(fd);
	return seals >= 0 && (seals & SEALS) == SEALS;
}

int own_path(char path[PATH_MAX])
{
	const char *given = getenv(SELF_VARIABLE);
	if (given && given[0] == '/' && strlen(given) < PATH_MAX && is_sealed()) {
		strcpy(path, given);
		return 0;
	}
	ssize_t length = readlink("/proc/self/exe", path, PATH_MAX - 1);
	if (length < 0)
		return -1;
	path[length] = '\0';
	return 0;
}

static int copy_of_self(void)
{
	struct stat status;
	int source = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
	int copy = memfd_create("tlab-runc", MFD_CLOEXEC | MFD_ALLOW_SEALING | MFD_EXEC);
	if (copy < 0 && errno == EINVAL)
		copy = memfd_create("tlab-runc", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	if (source < 0 || copy < 0 || fstat(source, &status) < 0)
		return -1;
	for (off_t at = 0; at < status.st_size;)
		if (sendfile(copy, source, &at, (size_t)(status.st_size - at)) <= 0)
			return -1;
	close(source);
	if (fchmod(copy, 0500) < 0 || fcntl(copy, F_ADD_SEALS, SEALS) < 0)
		return -1;
	return copy;
}

int run_sealed(char **argv, struct failure *failure)
{
	char path[PATH_MAX];
	if (is_sealed())
		return 0;
	if (own_path(path) < 0 || setenv(SELF_VARIABLE, path, 1) < 0)
		return fail_call(failure, "readlink(2)", "finding tlab-runc itself");
	int copy = copy_of_self();
	if (copy < 0)
		return fail_call(failure, "memfd_create(2)", "copying tlab-runc before it enters a container");
	fexecve(copy, argv, environ);
	return fail_call(failure, "execveat(2)", "executing the copy of tlab-runc");
}
