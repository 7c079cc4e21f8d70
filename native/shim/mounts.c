#include "mounts.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "id-mapped.h"
#include "tracing.h"

/* An option either sets flags, or clears them, or is data for the filesystem. @source man mount(8) */
static const struct {
	const char *name;
	unsigned long set;
	unsigned long clear;
} options[] = {
	{ "async", 0, MS_SYNCHRONOUS },  { "atime", 0, MS_NOATIME },     { "bind", MS_BIND, 0 },
	{ "defaults", 0, 0 },            { "dev", 0, MS_NODEV },         { "diratime", 0, MS_NODIRATIME },
	{ "dirsync", MS_DIRSYNC, 0 },    { "exec", 0, MS_NOEXEC },       { "mand", MS_MANDLOCK, 0 },
	{ "noatime", MS_NOATIME, 0 },    { "nodev", MS_NODEV, 0 },       { "nodiratime", MS_NODIRATIME, 0 },
	{ "noexec", MS_NOEXEC, 0 },      { "nomand", 0, MS_MANDLOCK },   { "norelatime", 0, MS_RELATIME },
	{ "nostrictatime", 0, MS_STRICTATIME }, { "nosuid", MS_NOSUID, 0 }, { "rbind", MS_BIND | MS_REC, 0 },
	{ "relatime", MS_RELATIME, 0 },  { "remount", MS_REMOUNT, 0 },   { "ro", MS_RDONLY, 0 },
	{ "rw", 0, MS_RDONLY },          { "strictatime", MS_STRICTATIME, 0 }, { "suid", 0, MS_NOSUID },
	{ "sync", MS_SYNCHRONOUS, 0 },
};

struct request_mount {
	char *type;
	char *source;
	char *target;
	unsigned long flags;
	char *data;     /* what is not a flag, joined by commas */
	char *options;  /* as given, for people */
	char *uid_map;  /* options that are the shim's own to carry out, as containerd 2 names them; NULL: not mapped */
	char *gid_map;
};

static bool append(char **text, struct bytes option)
{
	size_t length = *text ? strlen(*text) : 0;
	char *grown = realloc(*text, length + option.length + 2);
	if (!grown)
		return false;
	*text = grown;
	if (length > 0)
		grown[length++] = ',';
	memcpy(grown + length, option.at, option.length);
	grown[length + option.length] = '\0';
	return true;
}

/* Takes `name=` of an option away; false when it is another one. */
static bool take_map(char **map, struct bytes option, const char *name, bool *good)
{
	size_t length = strlen(name);
	if (option.length <= length || memcmp(option.at, name, length) != 0)
		return false;
	free(*map);
	*map = bytes_string((struct bytes){ option.at + length, option.length - length });
	*good = *map && strspn(*map, "0123456789:,") == strlen(*map);
	return true;
}

static bool add_option(struct request_mount *mount, struct bytes option)
{
	if (option.length == 0 || memchr(option.at, 0, option.length) || !append(&mount->options, option))
		return false;
	bool good;
	if (take_map(&mount->uid_map, option, "uidmap=", &good) || take_map(&mount->gid_map, option, "gidmap=", &good))
		return good;
	for (size_t i = 0; i < sizeof options / sizeof *options; i++) {
		if (!bytes_equal(option, options[i].name))
			continue;
		mount->flags = (mount->flags | options[i].set) & ~options[i].clear;
		return true;
	}
	return append(&mount->data, option);
}

static bool decode(struct request_mount *mount, struct bytes message)
{
	struct reader reader;
	bool good = true;
	proto_read(&reader, message);
	while (good && proto_next(&reader)) {
		if (proto_is_bytes(&reader, 1) && !mount->type)
			good = (mount->type = bytes_string(reader.value)) != NULL;
		else if (proto_is_bytes(&reader, 2) && !mount->source)
			good = (mount->source = bytes_string(reader.value)) != NULL;
		else if (proto_is_bytes(&reader, 3) && !mount->target)
			good = (mount->target = bytes_string(reader.value)) != NULL;
		else if (proto_is_bytes(&reader, 4))
			good = add_option(mount, reader.value);
	}
	return good && !reader.bad;
}

/* Length of the longest folder that every lowerdir is in, its slash included. */
static size_t common_folder(const char *lower, size_t length)
{
	const char *first = lower;
	size_t common = strcspn(lower, ":,");
	for (const char *at = lower; at < lower + length; at += strcspn(at, ":,") + 1) {
		size_t same = 0;
		while (same < common && at[same] == first[same])
			same++;
		common = same;
	}
	while (common > 0 && first[common - 1] != '/')
		common--;
	return common;
}

/*
 * mount(2) takes one page of data. Many lower directories need more, so their common folder becomes the working directory
 * for the length of the call and is cut from each. Returns the folder's length, 0 when that is not possible.
 */
static size_t shorten_lowerdir(char *data)
{
	char *lower = strstr(data, "lowerdir=");
	if (!lower || (lower != data && lower[-1] != ','))
		return 0;
	lower += strlen("lowerdir=");
	size_t length = strcspn(lower, ",");
	size_t common = common_folder(lower, length);
	if (common <= 1)
		return 0;
	char folder[PATH_MAX];
	if (common >= sizeof folder)
		return 0;
	memcpy(folder, lower, common);
	folder[common] = '\0';
	if (chdir(folder) < 0)
		return 0;
	char *out = lower;
	for (const char *in = lower, *end = lower + length; in < end; in++) {
		if (in == lower || in[-1] == ':')
			in += common;
		*out++ = *in;
	}
	memmove(out, lower + length, strlen(lower + length) + 1);
	return common;
}

static int mount_overlay(const struct request_mount *mount_, const char *target)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	char *data = mount_->data ? strdup(mount_->data) : NULL;
	if (!data || strlen(data) < page) {
		free(data);
		return mount(mount_->source, target, mount_->type, mount_->flags, mount_->data);
	}
	int back = open(".", O_PATH | O_DIRECTORY | O_CLOEXEC);
	int result = -1;
	errno = E2BIG;
	if (back >= 0 && shorten_lowerdir(data) > 0) {
		if (strlen(data) < page)
			result = mount(mount_->source, target, mount_->type, mount_->flags, data);
		else
			errno = E2BIG;
	}
	int error = errno;
	if (back >= 0 && fchdir(back) == 0)
		close(back);
	free(data);
	errno = error;
	return result;
}

static int attach(const struct request_mount *mount_, const char *target)
{
	bool binds = mount_->flags & MS_BIND;
	if (mount_->type && strcmp(mount_->type, "overlay") == 0)
		return mount_overlay(mount_, target);
	const char *type = mount_->type && strcmp(mount_->type, "bind") != 0 && strcmp(mount_->type, "rbind") != 0 ? mount_->type : NULL;
	if (mount(mount_->source, target, type, mount_->flags, mount_->data) < 0)
		return -1;
	/* A bind takes over the flags of its source; others need a second call. @source man mount(2) */
	unsigned long others = mount_->flags & ~(unsigned long)(MS_BIND | MS_REC);
	if (!binds || others == 0)
		return 0;
	return mount(NULL, target, NULL, MS_REMOUNT | MS_BIND | others, NULL);
}

static void release(struct request_mount *mount_)
{
	free(mount_->type);
	free(mount_->source);
	free(mount_->target);
	free(mount_->data);
	free(mount_->options);
	free(mount_->uid_map);
	free(mount_->gid_map);
}

static bool refused(const struct request_mount *mount_, char error[512])
{
	if (mount_->target && mount_->target[0])
		snprintf(error, 512, "mount target \"%.100s\": mounts below the root are not supported", mount_->target);
	else if (mount_->data && strcmp(mount_->data, "loop") == 0)
		snprintf(error, 512, "mount option \"loop\": loop devices are not supported");
	else if (!mount_->uid_map != !mount_->gid_map)
		snprintf(error, 512, "mount options uidmap and gidmap: expected both or none");
	else
		return false;
	return true;
}

/* The errno; `error` is filled when it is not 0. */
static int attach_any(const struct request_mount *mount_, const char *target, char error[512])
{
	int number = 0;
	if (mount_->uid_map) {
		mount_mapped(&(struct mapped_mount){ mount_->type, mount_->source, target, mount_->flags, mount_->data ? mount_->data : "",
		                                     mount_->uid_map, mount_->gid_map }, &number, error);
		return number;
	}
	if (attach(mount_, target) == 0)
		return 0;
	number = errno;
	snprintf(error, 512, "mounting \"%.200s\" on \"%.200s\": mount(2): %s", mount_->source, target, strerror(number));
	return number;
}

bool mount_attach(struct bytes message, const char *target, const struct trace *trace, char error[512])
{
	struct request_mount mount_ = { 0 };
	bool done = false;
	if (!decode(&mount_, message) || !mount_.source)
		snprintf(error, 512, "malformed mount");
	else if (!refused(&mount_, error)) {
		int number = attach_any(&mount_, target, error);
		done = number == 0;
		trace_mounted(trace, &(struct traced_mount){ mount_.source, target, mount_.type, mount_.options, number });
	}
	release(&mount_);
	return done;
}

void mount_detach(const char *target, const struct trace *trace)
{
	/* Bounded: each round takes one mount off; EINVAL says that there is none left. */
	for (int i = 0; i < 64; i++) {
		if (umount2(target, MNT_DETACH | UMOUNT_NOFOLLOW) < 0)
			return;
		trace_unmounted(trace, target);
	}
}
