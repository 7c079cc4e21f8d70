/*
 * Labels of security modules, which hold from execve(2) on. Written through the host's procfs: a container's own could be anything
 * that its image brings, and the label then silently not given (CVE-2019-16884).
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "executor.h"
#include "syscalls.h"

/* AppArmor's own directory is there since Linux 5.8; the one beside it belongs to whichever module came first. */
static int open_attribute(const struct executor *executor)
{
	struct open_how how = { .flags = O_WRONLY | O_CLOEXEC, .resolve = RESOLVE_BENEATH | RESOLVE_NO_XDEV | RESOLVE_NO_MAGICLINKS };
	int fd = sys_openat2(executor->host_proc, "self/attr/apparmor/exec", &how);
	return fd < 0 && errno == ENOENT ? sys_openat2(executor->host_proc, "self/attr/exec", &how) : fd;
}

/* @source kernel security/apparmor: "exec <profile>" */
int op_apparmor_profile(struct executor *executor, const struct operation *operation)
{
	const char *profile = operation->arguments[APPARMOR_PROFILE_PROFILE].string;
	char text[512];
	int length = snprintf(text, sizeof text, "exec %s", profile);
	if (length < 0 || (size_t)length >= sizeof text)
		return FAIL(executor, "asking for AppArmor profile \"%s\": its name is too long", profile);
	int fd = open_attribute(executor);
	if (fd < 0)
		return FAIL_CALL(executor, "openat2(2)", "asking for AppArmor profile \"%s\"", profile);
	int result = write(fd, text, (size_t)length) == length
	                 ? 0
	                 : FAIL_CALL(executor, "write(2)", "asking for AppArmor profile \"%s\"", profile);
	close(fd);
	return result;
}
