/* Joining and leaving namespaces, and what is set in them. clone.c makes the first process in new ones. */
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "executor.h"
#include "syscalls.h"

/* The descriptor was opened by prepare(), in the order of the plan's setns operations. */
static int prepared_namespace(const struct executor *executor, uint32_t index)
{
	unsigned place = 0;
	for (uint32_t i = 0; i < index; i++)
		if (executor->plan->operations[i].code == OP_SETNS)
			place++;
	return executor->namespaces[place];
}

/* @source man setns(2) */
int op_setns(struct executor *executor, const struct operation *operation)
{
	int fd = prepared_namespace(executor, executor->current), type = (int)operation->arguments[SETNS_TYPE].number;
	if (fd < 0)
		return 0;
	if (setns(fd, type) < 0)
		return FAIL_CALL(executor, "setns(2)", "joining namespace \"%s\"", operation->arguments[SETNS_PATH].string);
	close(fd);
	if (type == CLONE_NEWUSER)
		return become_root_of_user_namespace(executor);
	if (type != CLONE_NEWNS || executor->root >= 0 || !executor->joined)
		return 0;
	executor->root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	executor->pivoted = true;
	return executor->root < 0 ? FAIL_CALL(executor, "open(2)", "opening the container's root") : 0;
}

int op_unshare(struct executor *executor, const struct operation *operation)
{
	if (unshare((int)operation->arguments[UNSHARE_FLAGS].number) < 0)
		return FAIL_CALL(executor, "unshare(2)", "leaving a shared namespace");
	return 0;
}

/* @source man time_namespaces(7) */
int op_time_offsets(struct executor *executor, const struct operation *operation)
{
	const char *value = operation->arguments[TIME_OFFSETS_VALUE].string;
	char words[256];
	snprintf(words, sizeof words, "%s", value);
	for (char *end = words; (end = strchr(end, '\n'));)
		*end = end[1] ? ';' : '\0';
	if (write(executor->time_offsets, value, strlen(value)) < 0)
		return FAIL_CALL(executor, "write(2)", "setting the clocks of the time namespace to \"%s\"", words);
	close(executor->time_offsets);
	return 0;
}

/* An execve(2) would enter it too, but only since Linux 6.1, and hooks before it would not be there. */
int op_time_enter(struct executor *executor, const struct operation *operation)
{
	(void)operation;
	int fd = openat(executor->host_proc, "self/ns/time_for_children", O_RDONLY | O_CLOEXEC);
	int result = 0;
	if (fd < 0 || setns(fd, CLONE_NEWTIME) < 0)
		result = FAIL_CALL(executor, fd < 0 ? "open(2)" : "setns(2)", "entering the time namespace");
	if (fd >= 0)
		close(fd);
	return result;
}

int op_sethostname(struct executor *executor, const struct operation *operation)
{
	const char *name = operation->arguments[SETHOSTNAME_NAME].string;
	return sethostname(name, strlen(name)) < 0 ? FAIL_CALL(executor, "sethostname(2)", "setting host name \"%s\"", name) : 0;
}

int op_setdomainname(struct executor *executor, const struct operation *operation)
{
	const char *name = operation->arguments[SETDOMAINNAME_NAME].string;
	return setdomainname(name, strlen(name)) < 0 ? FAIL_CALL(executor, "setdomainname(2)", "setting domain name \"%s\"", name)
	                                             : 0;
}

/* @source man netdevice(7) */
int op_loopback_up(struct executor *executor, const struct operation *operation)
{
	(void)operation;
	struct ifreq request = { .ifr_name = "lo" };
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return FAIL_CALL(executor, "socket(2)", "bringing lo up");
	request.ifr_flags = IFF_UP | IFF_RUNNING;
	int result = ioctl(fd, SIOCSIFFLAGS, &request) < 0 ? FAIL_CALL(executor, "ioctl(2)", "bringing lo up") : 0;
	close(fd);
	return result;
}

/*
 * Written through the host's procfs, which shows the writer's own namespaces and cannot be replaced by the container.
 * @source man proc(5)
 */
int op_sysctl(struct executor *executor, const struct operation *operation)
{
	const char *key = operation->arguments[SYSCTL_KEY].string, *value = operation->arguments[SYSCTL_VALUE].string;
	char path[512];
	struct open_how how = {
		.flags = O_WRONLY | O_CLOEXEC,
		.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_XDEV,
	};
	int n = snprintf(path, sizeof path, "sys/%s", key);
	if (n < 0 || (size_t)n >= sizeof path)
		return FAIL(executor, "writing sysctl \"%s\": its name is too long", key);
	int fd = sys_openat2(executor->host_proc, path, &how);
	int result = 0;
	if (fd < 0 || write(fd, value, strlen(value)) < 0)
		result = FAIL_CALL(executor, fd < 0 ? "openat2(2)" : "write(2)", "writing \"%s\" to sysctl \"%s\"", value, key);
	if (fd >= 0)
		close(fd);
	return result;
}
