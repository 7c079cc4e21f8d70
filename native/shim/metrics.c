#include "metrics.h"

#include <dirent.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

void put_keyed(struct writer *writer, const char *text, const struct keyed_field *fields)
{
	for (; fields->key; fields++)
		put_number(writer, fields->field, cgroup_keyed(text, fields->key));
}

void put_part(struct writer *writer, uint32_t field, struct writer *part)
{
	put_message(writer, field, part);
	writer_free(part);
}

/* No limit ("max") is 0 in these messages. */
void put_pids_stat(struct writer *metrics, uint32_t field, const char *folder)
{
	struct writer pids = { 0 };
	uint64_t limit = cgroup_number(folder, "pids.max");
	put_number(&pids, 1, cgroup_number(folder, "pids.current"));
	put_number(&pids, 2, limit == UINT64_MAX ? 0 : limit);
	put_part(metrics, field, &pids);
}

static uint64_t rdma_value(const char *line, const char *key)
{
	const char *at = strstr(line, key);
	if (!at)
		return 0;
	at += strlen(key);
	return strncmp(at, "max", 3) == 0 ? UINT32_MAX : strtoull(at, NULL, 10);
}

/* `mlx4_0 hca_handle=2 hca_object=2000` a line. @source kernel cgroup-v2.rst rdma */
static void put_rdma_entries(struct writer *rdma, uint32_t field, const char *folder, const char *name)
{
	char text[CGROUP_TEXT];
	if (!cgroup_text(folder, name, text))
		return;
	char *rest = text;
	for (char *line = strsep(&rest, "\n"); line; line = strsep(&rest, "\n")) {
		struct writer entry = { 0 };
		size_t length = strcspn(line, " ");
		if (length == 0)
			continue;
		put_bytes(&entry, 1, (struct bytes){ (const uint8_t *)line, length });
		put_number(&entry, 2, rdma_value(line, "hca_handle="));
		put_number(&entry, 3, rdma_value(line, "hca_object="));
		put_part(rdma, field, &entry);
	}
}

void put_rdma(struct writer *metrics, uint32_t field, const char *folder)
{
	char path[PATH_MAX + 16];
	struct writer rdma = { 0 };
	snprintf(path, sizeof path, "%s/rdma.current", folder);
	if (access(path, F_OK) < 0)
		return;
	put_rdma_entries(&rdma, 1, folder, "rdma.current");
	put_rdma_entries(&rdma, 2, folder, "rdma.max");
	put_part(metrics, field, &rdma);
}

void for_page_sizes(const char *folder, const char *suffix, void (*found)(struct writer *metrics, const char *folder, const char *size),
                    struct writer *metrics)
{
	DIR *entries = opendir(folder);
	for (struct dirent *entry; entries && (entry = readdir(entries)) != NULL;) {
		char size[32];
		size_t length = strlen(entry->d_name), prefix = strlen("hugetlb."), end = strlen(suffix);
		if (strncmp(entry->d_name, "hugetlb.", prefix) != 0 || length <= prefix + end || length - prefix - end >= sizeof size ||
		    strcmp(entry->d_name + length - end, suffix) != 0)
			continue;
		snprintf(size, sizeof size, "%.*s", (int)(length - prefix - end), entry->d_name + prefix);
		if (!strchr(size, '.')) /* hugetlb.2MB.rsvd.current is another count */
			found(metrics, folder, size);
	}
	if (entries)
		closedir(entries);
}

bool put_metrics(struct writer *writer, uint32_t field, const char *cgroups)
{
	char folder[PATH_MAX];
	struct writer metrics = { 0 };
	bool unified = cgroup_is_unified();
	if (!cgroup_folder(cgroups, unified ? "" : "memory", folder) || access(folder, F_OK) < 0)
		return false;
	if (unified)
		put_metrics_v2(&metrics, folder);
	else
		put_metrics_v1(&metrics, cgroups);
	put_any(writer, field, unified ? "io.containerd.cgroups.v2.Metrics" : "io.containerd.cgroups.v1.Metrics", &metrics);
	writer_free(&metrics);
	return true;
}
