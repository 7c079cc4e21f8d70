#include "cgroups.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/vfs.h>
#include <unistd.h>

enum { TEXT = 8192, CGROUP2_MAGIC = 0x63677270 };

static bool read_text(const char *path, char text[TEXT])
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return false;
	ssize_t n = read(fd, text, TEXT - 1);
	close(fd);
	text[n > 0 ? n : 0] = '\0';
	return n >= 0;
}

bool is_namespace_init(pid_t pid)
{
	char path[64], text[TEXT];
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

/* The folder of a process's cgroup: of a v1 controller, or the unified one when `controller` is "". @source man cgroups(7) */
bool cgroup_folder(pid_t pid, const char *controller, char folder[PATH_MAX])
{
	char path[64], text[TEXT];
	snprintf(path, sizeof path, "/proc/%d/cgroup", pid);
	if (!read_text(path, text))
		return false;
	for (char *line = text, *next; line && *line; line = next) {
		next = strchr(line, '\n');
		if (next)
			*next++ = '\0';
		char *list = strchr(line, ':');
		char *below = list ? strchr(list + 1, ':') : NULL;
		if (!below)
			continue;
		bool wanted = controller[0] ? lists(list + 1, (size_t)(below - list - 1), controller) : below == list + 1;
		if (!wanted)
			continue;
		int n = snprintf(folder, PATH_MAX, "/sys/fs/cgroup/%s%s", controller, below + 1);
		return n > 0 && n < PATH_MAX;
	}
	errno = ENOENT;
	return false;
}

static uint64_t read_number(const char *folder, const char *name)
{
	char path[PATH_MAX + 64], text[TEXT];
	snprintf(path, sizeof path, "%s/%s", folder, name);
	if (!read_text(path, text))
		return 0;
	return strncmp(text, "max", 3) == 0 ? UINT64_MAX : strtoull(text, NULL, 10);
}

/* The value after `key ` at the start of a line. */
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

static bool read_in(const char *folder, const char *name, char text[TEXT])
{
	char path[PATH_MAX + 64];
	snprintf(path, sizeof path, "%s/%s", folder, name);
	return read_text(path, text);
}

struct keyed_field {
	uint32_t field;
	const char *key;
};

static void put_keyed(struct writer *writer, const char *text, const struct keyed_field *fields)
{
	for (; fields->key; fields++)
		put_number(writer, fields->field, cgroup_keyed(text, fields->key));
}

static void put_part(struct writer *metrics, uint32_t field, struct writer *part)
{
	put_message(metrics, field, part);
	writer_free(part);
}

/* A v1 pids.max of "max" is 0 in these messages. */
static void put_pids_stat(struct writer *metrics, uint32_t field, const char *folder)
{
	struct writer pids = { 0 };
	uint64_t limit = read_number(folder, "pids.max");
	put_number(&pids, 1, read_number(folder, "pids.current"));
	put_number(&pids, 2, limit == UINT64_MAX ? 0 : limit);
	put_part(metrics, field, &pids);
}

static void put_cpu_v1(struct writer *metrics, pid_t init)
{
	static const struct keyed_field throttling[] = { { 1, "nr_periods" }, { 2, "nr_throttled" }, { 3, "throttled_time" }, { 0, NULL } };
	char folder[PATH_MAX], text[TEXT];
	struct writer cpu = { 0 }, usage = { 0 }, throttle = { 0 };
	if (cgroup_folder(init, "cpuacct", folder)) {
		put_number(&usage, 1, read_number(folder, "cpuacct.usage"));
		put_number(&usage, 2, read_number(folder, "cpuacct.usage_sys"));
		put_number(&usage, 3, read_number(folder, "cpuacct.usage_user"));
	}
	put_part(&cpu, 1, &usage);
	if (cgroup_folder(init, "cpu", folder) && read_in(folder, "cpu.stat", text))
		put_keyed(&throttle, text, throttling);
	put_part(&cpu, 2, &throttle);
	put_part(metrics, 3, &cpu);
}

static void put_memory_v1(struct writer *metrics, pid_t init)
{
	static const struct keyed_field fields[] = {
		{ 1, "cache" },         { 2, "rss" },           { 3, "rss_huge" },       { 4, "mapped_file" },    { 5, "dirty" },
		{ 6, "writeback" },     { 7, "pgpgin" },        { 8, "pgpgout" },        { 9, "pgfault" },        { 10, "pgmajfault" },
		{ 11, "inactive_anon" }, { 12, "active_anon" }, { 13, "inactive_file" }, { 14, "active_file" },   { 15, "unevictable" },
		{ 16, "hierarchical_memory_limit" }, { 17, "hierarchical_memsw_limit" }, { 18, "total_cache" },   { 19, "total_rss" },
		{ 21, "total_mapped_file" }, { 28, "total_inactive_anon" }, { 29, "total_active_anon" },
		{ 30, "total_inactive_file" }, { 31, "total_active_file" }, { 0, NULL },
	};
	static const struct {
		uint32_t field;
		const char *prefix;
	} entries[] = { { 33, "memory" }, { 34, "memory.memsw" }, { 35, "memory.kmem" } };
	static const char *const files[] = { "limit_in_bytes", "usage_in_bytes", "max_usage_in_bytes", "failcnt" };
	char folder[PATH_MAX], text[TEXT], name[64];
	struct writer memory = { 0 };
	if (!cgroup_folder(init, "memory", folder))
		return;
	if (read_in(folder, "memory.stat", text))
		put_keyed(&memory, text, fields);
	for (size_t i = 0; i < sizeof entries / sizeof *entries; i++) {
		struct writer entry = { 0 };
		for (uint32_t j = 0; j < 4; j++) {
			snprintf(name, sizeof name, "%s.%s", entries[i].prefix, files[j]);
			put_number(&entry, j + 1, read_number(folder, name));
		}
		put_part(&memory, entries[i].field, &entry);
	}
	put_part(metrics, 4, &memory);
}

static void put_metrics_v1(struct writer *metrics, pid_t init)
{
	char folder[PATH_MAX];
	if (cgroup_folder(init, "pids", folder))
		put_pids_stat(metrics, 2, folder);
	put_cpu_v1(metrics, init);
	put_memory_v1(metrics, init);
}

static void put_metrics_v2(struct writer *metrics, const char *folder)
{
	static const struct keyed_field cpu_fields[] = { { 1, "usage_usec" }, { 2, "user_usec" }, { 3, "system_usec" }, { 4, "nr_periods" },
		                                             { 5, "nr_throttled" }, { 6, "throttled_usec" }, { 0, NULL } };
	static const struct keyed_field memory_fields[] = {
		{ 1, "anon" }, { 2, "file" }, { 3, "kernel_stack" }, { 4, "slab" }, { 5, "sock" }, { 6, "shmem" }, { 7, "file_mapped" },
		{ 8, "file_dirty" }, { 9, "file_writeback" }, { 11, "inactive_anon" }, { 12, "active_anon" }, { 13, "inactive_file" },
		{ 14, "active_file" }, { 15, "unevictable" }, { 16, "slab_reclaimable" }, { 17, "slab_unreclaimable" }, { 18, "pgfault" },
		{ 19, "pgmajfault" }, { 0, NULL },
	};
	static const struct keyed_field event_fields[] = { { 1, "low" }, { 2, "high" }, { 3, "max" }, { 4, "oom" }, { 5, "oom_kill" }, { 0, NULL } };
	char text[TEXT];
	struct writer cpu = { 0 }, memory = { 0 }, events = { 0 };
	put_pids_stat(metrics, 1, folder);
	if (read_in(folder, "cpu.stat", text))
		put_keyed(&cpu, text, cpu_fields);
	put_part(metrics, 2, &cpu);
	if (read_in(folder, "memory.stat", text))
		put_keyed(&memory, text, memory_fields);
	put_number(&memory, 32, read_number(folder, "memory.current"));
	put_number(&memory, 33, read_number(folder, "memory.max"));
	put_number(&memory, 34, read_number(folder, "memory.swap.current"));
	put_number(&memory, 35, read_number(folder, "memory.swap.max"));
	put_part(metrics, 4, &memory);
	if (read_in(folder, "memory.events", text))
		put_keyed(&events, text, event_fields);
	put_part(metrics, 8, &events);
}

bool put_metrics(struct writer *writer, uint32_t field, pid_t init)
{
	char folder[PATH_MAX];
	struct writer metrics = { 0 };
	bool unified = cgroup_is_unified();
	if (!cgroup_folder(init, unified ? "" : "memory", folder))
		return false;
	if (unified)
		put_metrics_v2(&metrics, folder);
	else
		put_metrics_v1(&metrics, init);
	put_any(writer, field, unified ? "io.containerd.cgroups.v2.Metrics" : "io.containerd.cgroups.v1.Metrics", &metrics);
	writer_free(&metrics);
	return true;
}

void put_pids(struct writer *writer, pid_t init)
{
	char folder[PATH_MAX], path[PATH_MAX + 16], line[32];
	/* pids is where runc, crun and ours all put every process; a cgroup of the host itself would list strangers. */
	if (!cgroup_folder(init, cgroup_is_unified() ? "" : "pids", folder))
		return;
	snprintf(path, sizeof path, "%s/cgroup.procs", folder);
	FILE *file = fopen(path, "re");
	while (file && fgets(line, sizeof line, file)) {
		struct writer info = { 0 };
		put_number(&info, 1, strtoull(line, NULL, 10));
		put_part(writer, 1, &info);
	}
	if (file)
		fclose(file);
}
