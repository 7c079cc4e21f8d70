/*
 * A file system as a detached mount, by the mount API of Linux 5.2: for mounts that a later operation changes, or that are written into.
 * Such a mount is held by descriptor from before it has a place, so nobody who shares a volume can put another under its name.
 * The others are made by one mount(2), as every runtime makes them.
 * @source man fsopen(2), fsconfig(2), fsmount(2)
 */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <unistd.h>

#include "executor.h"
#include "mount.h"
#include "syscalls.h"

static const struct {
	unsigned long flag;
	const char *option;
} superblock_flags[] = {
	{ MS_RDONLY, "ro" },         { MS_SYNCHRONOUS, "sync" }, { MS_DIRSYNC, "dirsync" },  { MS_LAZYTIME, "lazytime" },
	{ MS_MANDLOCK, "mand" }, { MS_POSIXACL, "acl" },     { MS_I_VERSION, "iversion" },
};

static int set_option(struct executor *executor, const struct wanted *wanted, int context, char *option)
{
	char *value = strchr(option, '=');
	if (value == option || option[0] == '\0')
		return 0; /* as mount(2) passes over it */
	if (value)
		*value++ = '\0';
	if (sys_fsconfig(context, value ? KERNEL_FSCONFIG_SET_STRING : KERNEL_FSCONFIG_SET_FLAG, option, value) == 0)
		return 0;
	return FAIL_CALL(executor, "fsconfig(2)", "mounting \"%s\": option \"%s%s%s\"", wanted->target, option, value ? "=" : "",
	                 value ? value : "");
}

/* Separated by commas; overlay has them in names too, with a backslash before. */
static int set_options(struct executor *executor, const struct wanted *wanted, int context, const char *data)
{
	char option[PATH_MAX];
	size_t length = 0;
	bool escapes = strcmp(wanted->fstype, "overlay") == 0;
	for (const char *at = data;; at++) {
		if (escapes && *at == '\\' && at[1] == ',') {
			option[length++] = *++at;
		} else if (*at != ',' && *at != '\0') {
			option[length++] = *at;
		} else {
			option[length] = '\0';
			length = 0;
			if (set_option(executor, wanted, context, option) < 0)
				return -1;
			if (*at == '\0')
				return 0;
		}
	}
}

static int configure(struct executor *executor, const struct wanted *wanted, int context, const char *data)
{
	if (sys_fsconfig(context, KERNEL_FSCONFIG_SET_STRING, "source", wanted->source) < 0)
		return FAIL_CALL(executor, "fsconfig(2)", "mounting \"%s\": source \"%s\"", wanted->target, wanted->source);
	for (size_t i = 0; i < sizeof superblock_flags / sizeof *superblock_flags; i++)
		if (wanted->flags & superblock_flags[i].flag &&
		    sys_fsconfig(context, KERNEL_FSCONFIG_SET_FLAG, superblock_flags[i].option, NULL) < 0)
			return FAIL_CALL(executor, "fsconfig(2)", "mounting \"%s\": option \"%s\"", wanted->target, superblock_flags[i].option);
	if (set_options(executor, wanted, context, data) < 0)
		return -1;
	return sys_fsconfig(context, KERNEL_FSCONFIG_CMD_CREATE, NULL, NULL) < 0
	           ? FAIL_CALL(executor, "fsconfig(2)", "mounting \"%s\"", wanted->target)
	           : 0;
}

int make_filesystem(struct executor *executor, const struct wanted *wanted, const char *data)
{
	int context = sys_fsopen(wanted->fstype);
	if (context < 0)
		return FAIL_CALL(executor, "fsopen(2)", "mounting \"%s\": type \"%s\"", wanted->target, wanted->fstype);
	int tree = configure(executor, wanted, context, data);
	if (tree == 0 && (tree = sys_fsmount(context, mount_attributes(wanted->flags).attr_set)) < 0)
		FAIL_CALL(executor, "fsmount(2)", "mounting \"%s\"", wanted->target);
	close(context);
	return tree;
}
