/* Version 1: a folder for each controller. @source kernel cgroup-v1/ */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "metrics.h"

static void put_per_cpu(struct writer *usage, const char *folder)
{
	char text[CGROUP_TEXT];
	struct writer packed = { 0 };
	if (!cgroup_text(folder, "cpuacct.usage_percpu", text))
		return;
	char *end;
	for (const char *at = text;; at = end) {
		unsigned long long value = strtoull(at, &end, 10);
		if (end == at)
			break;
		put_packed(&packed, value);
	}
	put_bytes(usage, 4, writer_bytes(&packed));
	writer_free(&packed);
}

static void put_cpu(struct writer *metrics, const char *cgroups)
{
	static const struct keyed_field throttling[] = { { 1, "nr_periods" }, { 2, "nr_throttled" }, { 3, "throttled_time" }, { 0, NULL } };
	char folder[PATH_MAX], text[CGROUP_TEXT];
	struct writer cpu = { 0 }, usage = { 0 }, throttle = { 0 };
	if (cgroup_folder(cgroups, "cpuacct", folder)) {
		put_number(&usage, 1, cgroup_number(folder, "cpuacct.usage"));
		put_number(&usage, 2, cgroup_number(folder, "cpuacct.usage_sys"));
		put_number(&usage, 3, cgroup_number(folder, "cpuacct.usage_user"));
		put_per_cpu(&usage, folder);
	}
	put_part(&cpu, 1, &usage);
	if (cgroup_folder(cgroups, "cpu", folder) && cgroup_text(folder, "cpu.stat", text))
		put_keyed(&throttle, text, throttling);
	put_part(&cpu, 2, &throttle);
	put_part(metrics, 3, &cpu);
}

static const struct keyed_field memory_fields[] = {
	{ 1, "cache" },
	{ 2, "rss" },
	{ 3, "rss_huge" },
	{ 4, "mapped_file" },
	{ 5, "dirty" },
	{ 6, "writeback" },
	{ 7, "pgpgin" },
	{ 8, "pgpgout" },
	{ 9, "pgfault" },
	{ 10, "pgmajfault" },
	{ 11, "inactive_anon" },
	{ 12, "active_anon" },
	{ 13, "inactive_file" },
	{ 14, "active_file" },
	{ 15, "unevictable" },
	{ 16, "hierarchical_memory_limit" },
	{ 17, "hierarchical_memsw_limit" },
	{ 18, "total_cache" },
	{ 19, "total_rss" },
	{ 20, "total_rss_huge" },
	{ 21, "total_mapped_file" },
	{ 22, "total_dirty" },
	{ 23, "total_writeback" },
	{ 24, "total_pgpgin" },
	{ 25, "total_pgpgout" },
	{ 26, "total_pgfault" },
	{ 27, "total_pgmajfault" },
	{ 28, "total_inactive_anon" },
	{ 29, "total_active_anon" },
	{ 30, "total_inactive_file" },
	{ 31, "total_active_file" },
	{ 32, "total_unevictable" },
	{ 0, NULL },
};

/* Usage, limit, peak and failures of one kind of memory. */
static void put_memory_entry(struct writer *memory, uint32_t field, const char *folder, const char *prefix)
{
	static const char *const files[] = { "limit_in_bytes", "usage_in_bytes", "max_usage_in_bytes", "failcnt" };
	char name[64];
	struct writer entry = { 0 };
	for (uint32_t i = 0; i < 4; i++) {
		snprintf(name, sizeof name, "%s.%s", prefix, files[i]);
		put_number(&entry, i + 1, cgroup_number(folder, name));
	}
	put_part(memory, field, &entry);
}

static void put_memory(struct writer *metrics, const char *cgroups)
{
	static const struct keyed_field oom_fields[] = { { 1, "oom_kill_disable" }, { 2, "under_oom" }, { 3, "oom_kill" }, { 0, NULL } };
	char folder[PATH_MAX], text[CGROUP_TEXT];
	struct writer memory = { 0 }, oom = { 0 };
	if (!cgroup_folder(cgroups, "memory", folder))
		return;
	if (cgroup_text(folder, "memory.stat", text))
		put_keyed(&memory, text, memory_fields);
	put_memory_entry(&memory, 33, folder, "memory");
	put_memory_entry(&memory, 34, folder, "memory.memsw");
	put_memory_entry(&memory, 35, folder, "memory.kmem");
	put_memory_entry(&memory, 36, folder, "memory.kmem.tcp");
	put_part(metrics, 4, &memory);
	if (cgroup_text(folder, "memory.oom_control", text))
		put_keyed(&oom, text, oom_fields);
	put_part(metrics, 9, &oom);
}

/* The device's name is that of its folder in sysfs. */
static void put_device(struct writer *entry, unsigned long long major, unsigned long long minor)
{
	char link[64], target[PATH_MAX], device[PATH_MAX];
	snprintf(link, sizeof link, "/sys/dev/block/%llu:%llu", major, minor);
	ssize_t n = readlink(link, target, sizeof target - 1);
	if (n <= 0)
		return;
	target[n] = '\0';
	const char *name = strrchr(target, '/');
	snprintf(device, sizeof device, "/dev/%.255s", name ? name + 1 : target);
	put_string(entry, 2, device);
}

/* `254:0 Read 4096`, or without the word; `Total 4096` closes the file. Returns how many entries there were. */
static int put_block_entries(struct writer *block, uint32_t field, const char *folder, const char *name)
{
	char text[CGROUP_TEXT], operation[32];
	int count = 0;
	if (!cgroup_text(folder, name, text))
		return 0;
	char *rest = text;
	for (char *line = strsep(&rest, "\n"); line; line = strsep(&rest, "\n")) {
		struct writer entry = { 0 };
		unsigned long long major, minor, value;
		operation[0] = '\0';
		if (sscanf(line, "%llu:%llu %31[A-Za-z] %llu", &major, &minor, operation, &value) != 4 &&
		    sscanf(line, "%llu:%llu %llu", &major, &minor, &value) != 3)
			continue;
		put_string(&entry, 1, operation);
		put_device(&entry, major, minor);
		put_number(&entry, 3, major);
		put_number(&entry, 4, minor);
		put_number(&entry, 5, value);
		put_part(block, field, &entry);
		count++;
	}
	return count;
}

/* The weighing scheduler counts more, where it is in use; the throttling layer always counts. */
static void put_block(struct writer *metrics, const char *cgroups)
{
	static const char *const weighed[] = { "io_service_bytes", "io_serviced", "io_queued", "io_service_time", "io_wait_time", "io_merged",
		                                   "time",             "sectors" };
	char folder[PATH_MAX], name[64];
	struct writer block = { 0 };
	int count = 0;
	if (!cgroup_folder(cgroups, "blkio", folder))
		return;
	for (uint32_t i = 0; i < 8; i++) {
		snprintf(name, sizeof name, "blkio.%s_recursive", weighed[i]);
		count += put_block_entries(&block, i + 1, folder, name);
	}
	if (count == 0) {
		put_block_entries(&block, 1, folder, "blkio.throttle.io_service_bytes");
		put_block_entries(&block, 2, folder, "blkio.throttle.io_serviced");
	}
	put_part(metrics, 5, &block);
}

static void put_hugetlb(struct writer *metrics, const char *folder, const char *size)
{
	static const char *const files[] = { "usage_in_bytes", "max_usage_in_bytes", "failcnt" };
	char name[64];
	struct writer entry = { 0 };
	for (uint32_t i = 0; i < 3; i++) {
		snprintf(name, sizeof name, "hugetlb.%s.%s", size, files[i]);
		put_number(&entry, i + 1, cgroup_number(folder, name));
	}
	put_string(&entry, 4, size);
	put_part(metrics, 1, &entry);
}

void put_metrics_v1(struct writer *metrics, const char *cgroups)
{
	char folder[PATH_MAX];
	if (cgroup_folder(cgroups, "hugetlb", folder))
		for_page_sizes(folder, ".usage_in_bytes", put_hugetlb, metrics);
	if (cgroup_folder(cgroups, "pids", folder))
		put_pids_stat(metrics, 2, folder);
	put_cpu(metrics, cgroups);
	put_memory(metrics, cgroups);
	put_block(metrics, cgroups);
	if (cgroup_folder(cgroups, "rdma", folder))
		put_rdma(metrics, 6, folder);
}
