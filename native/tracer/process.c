#include "process.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "output.h"
#include "records.h"

enum { ROOM = 60 * 1024 }; /* what output_room gives at once */

/* /proc says `socket:[1406004]`: which of them are netlink sockets, and of which protocol, stands in a list of its namespace. */
static int netlink_protocol(FILE *sockets, unsigned long wanted)
{
	char line[256];
	int protocol;
	unsigned long inode;
	if (!sockets)
		return -1;
	rewind(sockets);
	while (fgets(line, sizeof line, sockets))
		if (sscanf(line, "%*s %d %*s %*s %*s %*s %*s %*s %*s %lu", &protocol, &inode) == 2 && inode == wanted)
			return protocol;
	return -1;
}

static size_t add_link(unsigned char *at, int folder, const char *name, int descriptor, FILE *sockets)
{
	struct capture *capture = (struct capture *)at;
	char target[PATH_MAX];
	ssize_t n = readlinkat(folder, name, target, sizeof target - 1);
	if (n < 0)
		return 0;
	target[n] = '\0';
	unsigned long inode;
	int protocol = sscanf(target, "socket:[%lu]", &inode) == 1 ? netlink_protocol(sockets, inode) : -1;
	if (protocol >= 0)
		n = snprintf(target, sizeof target, "socket:[netlink %d]", protocol);
	size_t padded = ((size_t)n + 7) & ~(size_t)7;
	*capture = (struct capture){ .length = (__u16)n, .whole = descriptor };
	memset(at + sizeof *capture, 0, padded);
	memcpy(at + sizeof *capture, target, (size_t)n);
	return sizeof *capture + padded;
}

static void read_command(pid_t pid, char command[16])
{
	char path[64];
	snprintf(path, sizeof path, "/proc/%d/comm", (int)pid);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return;
	ssize_t n = read(fd, command, 15);
	if (n > 0)
		command[strcspn(command, "\n")] = '\0';
	close(fd);
}

void process_record(pid_t pid)
{
	char path[64];
	snprintf(path, sizeof path, "/proc/%d/fd", (int)pid);
	DIR *folder = opendir(path);
	if (!folder)
		return;
	snprintf(path, sizeof path, "/proc/%d/net/netlink", (int)pid);
	FILE *sockets = fopen(path, "re");
	unsigned char *room = output_room(ROOM);
	struct record_head *head = (struct record_head *)room;
	struct process_body *body = (struct process_body *)(head + 1);
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	*head = (struct record_head){
		.type = RECORD_PROCESS,
		.time_ns = (__u64)now.tv_sec * 1000000000ULL + (__u64)now.tv_nsec,
		.pid = (__u32)pid,
		.tid = (__u32)pid,
	};
	memset(body, 0, sizeof *body);
	read_command(pid, body->command);
	size_t used = sizeof *head + sizeof *body;
	used += add_link(room + used, dirfd(folder), "../cwd", AT_FDCWD, sockets);
	for (struct dirent *entry; (entry = readdir(folder)) && used + sizeof(struct capture) + PATH_MAX + 8 < ROOM;)
		if (entry->d_name[0] != '.')
			used += add_link(room + used, dirfd(folder), entry->d_name, atoi(entry->d_name), sockets);
	if (sockets)
		fclose(sockets);
	closedir(folder);
	head->size = (__u32)used;
	output_add(used);
}
