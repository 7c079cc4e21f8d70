#include "cgroups.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/vfs.h>
#include <unistd.h>

enum { CGROUP2_MAGIC = 0x63677270, DEPTH_MAX = 16 };

static bool read_text(const char *path, char text[CGROUP_TEXT])
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return false;
	ssize_t n = read(fd, text, CGROUP_TEXT - 1);
	close(fd);
	text[n > 0 ? n : 0] = '\0';
	return n >= 0;
}

bool is_namespace_init(pid_t pid)
{
	char path[64], text[CGROUP_TEXT];
	snprintf(path, sizeof path, "/proc/%d/status", pid);
	const char *line = read_text(path, text) ? strstr(text, "\nNSpid:") : NULL;
	if (!line)
		return true; /* gone already, and with it whoever was in its namespace */
	const char *last = line + strlen("\nNSpid:");
	for (const char *at = last; *at && *at != '\n'; at++)
		if (*at == '\t')
			last = at + 1;
	return strtol(last, NULL, 10) == 1 && strcspn(line + 8, "\t\n") != strcspn(line + 8, "\n");
}

bool cgroup_is_unified(void)
{
	struct statfs fs;
	return statfs("/sys/fs/cgroup", &fs) == 0 && fs.f_type == CGROUP2_MAGIC;
}

char *cgroups_of(pid_t pid)
{
	char path[64], text[CGROUP_TEXT];
	snprintf(path, sizeof path, "/proc/%d/cgroup", pid);
	return read_text(path, text) ? strdup(text) : NULL;
}

/* Whether a comma-separated list has the word. */
static bool lists(const char *list, size_t length, const char *word)
{
	size_t wanted = strlen(word);
	while (length > 0) {
		size_t item = 0;
		while (item < length && list[item] != ',')
			item++;
		if (item == wanted && memcmp(list, word, wanted) == 0)
			return true;
		if (item == length)
			return false;
		list += item + 1;
		length -= item + 1;
	}
	return false;
}

bool cgroup_folder(const char *cgroups, const char *controller, char folder[PATH_MAX])
{
	for (const char *line = cgroups; line && *line; line = strchr(line, '\n') ? strchr(line, '\n') + 1 : NULL) {
		int length = (int)strcspn(line, "\n");
		const char *list = memchr(line, ':', (size_t)length);
		const char *below = list ? memchr(list + 1, ':', (size_t)(line + length - list - 1)) : NULL;
		if (!below)
			continue;
		bool wanted = controller[0] ? lists(list + 1, (size_t)(below - list - 1), controller) : below == list + 1;
		if (!wanted)
			continue;
		int n = snprintf(folder, PATH_MAX, "/sys/fs/cgroup/%s%.*s", controller, (int)(line + length - below - 1), below + 1);
		return n > 0 && n < PATH_MAX;
	}
	errno = ENOENT;
	return false;
}

bool cgroup_text(const char *folder, const char *name, char text[CGROUP_TEXT])
{
	char path[PATH_MAX + 288];
	snprintf(path, sizeof path, "%s/%s", folder, name);
	return read_text(path, text);
}

uint64_t cgroup_number(const char *folder, const char *name)
{
	char text[CGROUP_TEXT];
	if (!cgroup_text(folder, name, text))
		return 0;
	return strncmp(text, "max", 3) == 0 ? UINT64_MAX : strtoull(text, NULL, 10);
}

uint64_t cgroup_keyed(const char *text, const char *key)
{
	size_t length = strlen(key);
	for (const char *line = text; line; line = strchr(line, '\n')) {
		if (*line == '\n')
			line++;
		if (strncmp(line, key, length) == 0 && line[length] == ' ')
			return strtoull(line + length, NULL, 10);
	}
	return 0;
}

struct walk {
	void (*found)(pid_t pid, void *data);
	void *data;
};

/* The first thread of a process has its number; others are not counted. @source man proc_pid_status(5) Tgid */
static bool leads(pid_t thread)
{
	char path[64], line[128];
	int leader = 0;
	snprintf(path, sizeof path, "/proc/%d/status", thread);
	FILE *file = fopen(path, "re");
	while (file && fgets(line, sizeof line, file) && sscanf(line, "Tgid: %d", &leader) != 1)
		;
	if (file)
		fclose(file);
	return leader == thread;
}

/* A threaded cgroup refuses to name processes, but names its threads. @source kernel cgroup-v2.rst, Threads */
static void walk_processes(const char *folder, const struct walk *walk)
{
	static const char *const names[] = { "cgroup.procs", "cgroup.threads" };
	char path[PATH_MAX + 16], line[32];
	bool refused = true;
	for (int i = 0; i < 2 && refused; i++) {
		snprintf(path, sizeof path, "%s/%s", folder, names[i]);
		FILE *file = fopen(path, "re");
		while (file && fgets(line, sizeof line, file)) {
			pid_t pid = (pid_t)strtol(line, NULL, 10);
			if (i == 0 || leads(pid))
				walk->found(pid, walk->data);
		}
		refused = file && ferror(file) && errno == EOPNOTSUPP;
		if (file)
			fclose(file);
	}
}

/* A container may make cgroups of its own below; how deep is bounded. */
static void walk_folder(const char *folder, int depth, const struct walk *walk)
{
	char path[PATH_MAX];
	walk_processes(folder, walk);
	DIR *entries = depth < DEPTH_MAX ? opendir(folder) : NULL;
	for (struct dirent *entry; entries && (entry = readdir(entries)) != NULL;) {
		if (entry->d_type != DT_DIR || entry->d_name[0] == '.')
			continue;
		int n = snprintf(path, sizeof path, "%s/%s", folder, entry->d_name);
		if (n > 0 && (size_t)n < sizeof path)
			walk_folder(path, depth + 1, walk);
	}
	if (entries)
		closedir(entries);
}

void cgroup_processes(const char *cgroups, void (*found)(pid_t pid, void *data), void *data)
{
	char folder[PATH_MAX];
	/* pids is where runc, crun and ours all put every process; a cgroup of the host itself would list strangers. */
	if (cgroup_folder(cgroups, cgroup_is_unified() ? "" : "pids", folder))
		walk_folder(folder, 0, &(struct walk){ found, data });
}
