/* Stats: the files of a container's cgroups as containerd's messages. A file that is not there leaves its fields out. */
#ifndef TLAB_METRICS_H
#define TLAB_METRICS_H
#include "cgroups.h"

struct keyed_field {
	uint32_t field;
	const char *key;
};

/* Any of io.containerd.cgroups.v1.Metrics or v2.Metrics. False with errno when the cgroup is not there. */
bool put_metrics(struct writer *writer, uint32_t field, const char *cgroups);

/* @source containerd cgroups cgroup1/stats/metrics.proto */
void put_metrics_v1(struct writer *metrics, const char *cgroups);
/* @source containerd cgroups cgroup2/stats/metrics.proto */
void put_metrics_v2(struct writer *metrics, const char *folder);

/* What both versions have alike: */
/* Lines of `key value`, as many as the table (which ends with a NULL) asks for. */
void put_keyed(struct writer *writer, const char *text, const struct keyed_field *fields);
/* A nested message, which is then freed. */
void put_part(struct writer *writer, uint32_t field, struct writer *part);
void put_pids_stat(struct writer *metrics, uint32_t field, const char *folder);
void put_rdma(struct writer *metrics, uint32_t field, const char *folder);
/* Calls for every page size that has a file `hugetlb.<size><suffix>`. */
void for_page_sizes(const char *folder, const char *suffix, void (*found)(struct writer *metrics, const char *folder, const char *size),
                    struct writer *metrics);

#endif
