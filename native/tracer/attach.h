/* Loading the BPF programs, attaching them, and what they counted. Nothing is pinned: all of it goes with this process. */
#ifndef TLAB_TRACER_ATTACH_H
#define TLAB_TRACER_ATTACH_H

#include "options.h"
#include "settings.h"

struct bpf_object;
struct bpf_link;

struct tracer {
	struct bpf_object *object;
	struct bpf_link *links[PROGRAMS];
	int ring_fd, counts_fd;
	volatile __u32 *quiet;
};

/* Fails with STATUS_HOST where eBPF cannot be used. */
struct tracer tracer_attach(const struct options *options);
/* What the kernel side counted until now; `received` stays 0. */
struct counts_body tracer_counts(const struct tracer *tracer);
/* From now on the programs write nothing. */
void tracer_quiet(struct tracer *tracer);

#endif
