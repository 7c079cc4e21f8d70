/* Version 2: one folder with the files of all controllers. @source kernel cgroup-v2.rst */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "metrics.h"

static void put_cpu(struct writer *metrics, const char *folder)
{
	static const struct keyed_field fields[] = { { 1, "usage_usec" },   { 2, "user_usec" },      { 3, "system_usec" }, { 4, "nr_periods" },
		                                         { 5, "nr_throttled" }, { 6, "throttled_usec" }, { 0, NULL } };
	char text[CGROUP_TEXT];
	struct writer cpu = { 0 };
	if (cgroup_text(folder, "cpu.stat", text))
		put_keyed(&cpu, text, fields);
	put_part(metrics, 2, &cpu);
}

static const struct keyed_field memory_fields[] = {
	{ 1, "anon" },
	{ 2, "file" },
	{ 3, "kernel_stack" },
	{ 4, "slab" },
	{ 5, "sock" },
	{ 6, "shmem" },
	{ 7, "file_mapped" },
	{ 8, "file_dirty" },
	{ 9, "file_writeback" },
	{ 10, "anon_thp" },
	{ 11, "inactive_anon" },
	{ 12, "active_anon" },
	{ 13, "inactive_file" },
	{ 14, "active_file" },
	{ 15, "unevictable" },
	{ 16, "slab_reclaimable" },
	{ 17, "slab_unreclaimable" },
	{ 18, "pgfault" },
	{ 19, "pgmajfault" },
	{ 20, "workingset_refault" },
	{ 21, "workingset_activate" },
	{ 22, "workingset_nodereclaim" },
	{ 23, "pgrefill" },
	{ 24, "pgscan" },
	{ 25, "pgsteal" },
	{ 26, "pgactivate" },
	{ 27, "pgdeactivate" },
	{ 28, "pglazyfree" },
	{ 29, "pglazyfreed" },
	{ 30, "thp_fault_alloc" },
	{ 31, "thp_collapse_alloc" },
	{ 0, NULL },
};

static void put_memory(struct writer *metrics, const char *folder)
{
	static const struct keyed_field event_fields[] = { { 1, "low" }, { 2, "high" }, { 3, "max" }, { 4, "oom" }, { 5, "oom_kill" }, { 0, NULL } };
	char text[CGROUP_TEXT];
	struct writer memory = { 0 }, events = { 0 };
	if (cgroup_text(folder, "memory.stat", text))
		put_keyed(&memory, text, memory_fields);
	put_number(&memory, 32, cgroup_number(folder, "memory.current"));
	put_number(&memory, 33, cgroup_number(folder, "memory.max"));
	put_number(&memory, 34, cgroup_number(folder, "memory.swap.current"));
	put_number(&memory, 35, cgroup_number(folder, "memory.swap.max"));
	put_number(&memory, 36, cgroup_number(folder, "memory.peak"));
	put_number(&memory, 37, cgroup_number(folder, "memory.swap.peak"));
	put_part(metrics, 4, &memory);
	if (cgroup_text(folder, "memory.events", text))
		put_keyed(&events, text, event_fields);
	put_part(metrics, 8, &events);
}

static uint64_t value_of(const char *line, const char *key)
{
	const char *at = strstr(line, key);
	return at ? strtoull(at + strlen(key), NULL, 10) : 0;
}

/* `254:0 rbytes=4096 wbytes=0 rios=1 wios=0 dbytes=0 dios=0` a line. */
static void put_io(struct writer *metrics, const char *folder)
{
	static const char *const keys[] = { " rbytes=", " wbytes=", " rios=", " wios=" };
	char text[CGROUP_TEXT];
	struct writer io = { 0 };
	if (!cgroup_text(folder, "io.stat", text))
		return;
	char *rest = text;
	for (char *line = strsep(&rest, "\n"); line; line = strsep(&rest, "\n")) {
		struct writer entry = { 0 };
		unsigned long long major, minor;
		if (sscanf(line, "%llu:%llu ", &major, &minor) != 2)
			continue;
		put_number(&entry, 1, major);
		put_number(&entry, 2, minor);
		for (uint32_t i = 0; i < 4; i++)
			put_number(&entry, i + 3, value_of(line, keys[i]));
		put_part(&io, 1, &entry);
	}
	put_part(metrics, 6, &io);
}

static void put_hugetlb(struct writer *metrics, const char *folder, const char *size)
{
	char name[64];
	struct writer entry = { 0 };
	snprintf(name, sizeof name, "hugetlb.%s.current", size);
	put_number(&entry, 1, cgroup_number(folder, name));
	snprintf(name, sizeof name, "hugetlb.%s.max", size);
	put_number(&entry, 2, cgroup_number(folder, name));
	put_string(&entry, 3, size);
	put_part(metrics, 7, &entry);
}

void put_metrics_v2(struct writer *metrics, const char *folder)
{
	put_pids_stat(metrics, 1, folder);
	put_cpu(metrics, folder);
	put_memory(metrics, folder);
	put_rdma(metrics, 5, folder);
	put_io(metrics, folder);
	for_page_sizes(folder, ".current", put_hugetlb, metrics);
}
