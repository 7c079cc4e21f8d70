#include "process.h"

#include <errno.h>
#include <linux/keyctl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "root.h"

int op_setsid(struct executor *executor, const struct operation *operation)
{
	(void)operation;
	if (setsid() < 0 && getsid(0) != getpid())
		return FAIL_CALL(executor, "setsid(2)", "starting a session");
	return 0;
}

/* Keys of the caller's session must not be reachable from the container. @source man session-keyring(7) */
int op_session_keyring(struct executor *executor, const struct operation *operation)
{
	char name[512];
	const char *given = operation->arguments[SESSION_KEYRING_NAME].string;
	if (executor->no_new_keyring)
		return 0;
	if (given[0] == '\0') {
		snprintf(name, sizeof name, "_ses.%s", executor->id);
		given = name;
	}
	if (syscall(SYS_keyctl, KEYCTL_JOIN_SESSION_KEYRING, given) < 0) {
		executor->tolerated = errno;
		if (errno != ENOSYS)
			return FAIL_CALL(executor, "keyctl(2)", "joining session keyring \"%s\"", given);
	}
	return 0;
}

/*
 * A working directory that reaches the host through an inherited descriptor has no path from the container's root
 * (CVE-2024-21626): the kernel then gives one that does not begin with a slash.
 */
static int check_inside(struct executor *executor, const char *path)
{
	char where[PATH_MAX];
	long length = syscall(SYS_getcwd, where, sizeof where);
	if (length < 0)
		return FAIL_CALL(executor, "getcwd(2)", "changing to \"%s\"", path);
	if (where[0] != '/')
		return FAIL(executor, "changing to \"%s\": it is outside the container", path);
	return 0;
}

int enter_working_directory(struct executor *executor, const char *path)
{
	if (chdir(path) == 0)
		return check_inside(executor, path);
	/* Made for a container, as runc does it; an exec has to name one that is there. */
	if (errno != ENOENT || executor->joined)
		return FAIL_CALL(executor, "chdir(2)", "changing to \"%s\"", path);
	int fd = root_make(executor, path, true);
	if (fd < 0)
		return -1;
	int result = fchdir(fd);
	if (result < 0)
		FAIL_CALL(executor, "chdir(2)", "changing to \"%s\"", path);
	close(fd);
	return result < 0 ? -1 : check_inside(executor, path);
}

/* What root without CAP_DAC_OVERRIDE may not enter, the container's user perhaps may: tried again after setuid. */
int op_chdir(struct executor *executor, const struct operation *operation)
{
	const char *path = operation->arguments[CHDIR_PATH].string;
	executor->postponed_chdir = NULL;
	if (enter_working_directory(executor, path) == 0)
		return 0;
	if (executor->failure->number != EACCES)
		return -1;
	executor->tolerated = EACCES;
	executor->postponed_chdir = path;
	return 0;
}
