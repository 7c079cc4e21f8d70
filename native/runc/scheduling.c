/*
 * When and where a process runs, and which kernel it believes to run on. A policy is set on the child from outside: it may need
 * CAP_SYS_NICE of the host. Affinity, memory policy and personality are those of the caller.
 */
#include <errno.h>
#include <linux/ioprio.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/personality.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "executor.h"

enum { MASK_BITS = 8192, WORD_BITS = 8 * sizeof(unsigned long) };

/* @source man sched_setattr(2): of Linux 5.3, with the utilization clamps at its end */
struct kernel_sched_attr {
	uint32_t size, policy;
	uint64_t flags;
	int32_t nice;
	uint32_t priority;
	uint64_t runtime, deadline, period;
	uint32_t util_min, util_max;
};

/* @source man sched_setattr(2) */
int op_scheduler(struct executor *executor, const struct operation *operation)
{
	const union value *arguments = operation->arguments;
	struct kernel_sched_attr attr = {
		.size = sizeof attr,
		.policy = (uint32_t)arguments[SCHEDULER_POLICY].number,
		.flags = arguments[SCHEDULER_FLAGS].number,
		.nice = atoi(arguments[SCHEDULER_NICE].string),
		.priority = (uint32_t)arguments[SCHEDULER_PRIORITY].number,
		.runtime = arguments[SCHEDULER_RUNTIME].number,
		.deadline = arguments[SCHEDULER_DEADLINE].number,
		.period = arguments[SCHEDULER_PERIOD].number,
	};
	if (syscall(SYS_sched_setattr, executor->child, &attr, 0) < 0)
		return FAIL_CALL(executor, "sched_setattr(2)", "setting scheduling policy %u, nice %d, priority %u", attr.policy,
		                 attr.nice, attr.priority);
	return 0;
}

/* @source man ioprio_set(2) */
int op_io_priority(struct executor *executor, const struct operation *operation)
{
	int class = (int)operation->arguments[IO_PRIORITY_CLASS].number;
	int level = (int)operation->arguments[IO_PRIORITY_LEVEL].number;
	if (syscall(SYS_ioprio_set, IOPRIO_WHO_PROCESS, executor->child, IOPRIO_PRIO_VALUE(class, level)) < 0)
		return FAIL_CALL(executor, "ioprio_set(2)", "setting I/O class %d, priority %d", class, level);
	return 0;
}

/* @source man personality(2) */
int op_personality(struct executor *executor, const struct operation *operation)
{
	unsigned long persona = (unsigned long)operation->arguments[PERSONALITY_PERSONA].number;
	if (personality(persona) < 0)
		return FAIL_CALL(executor, "personality(2)", "setting execution domain %lu", persona);
	return 0;
}

/* `0-3,7`, or nothing, as a bit mask. False for another form, or a number beyond the mask. */
static bool parse_list(const char *text, unsigned long mask[MASK_BITS / WORD_BITS])
{
	memset(mask, 0, MASK_BITS / 8);
	while (*text != '\0') {
		char *end;
		unsigned long first = strtoul(text, &end, 10), last = first;
		if (end == text)
			return false;
		if (*end == '-') {
			text = end + 1;
			last = strtoul(text, &end, 10);
			if (end == text)
				return false;
		}
		if (first > last || last >= MASK_BITS || (*end != '\0' && *end != ','))
			return false;
		for (unsigned long bit = first; bit <= last; bit++)
			mask[bit / WORD_BITS] |= 1ul << bit % WORD_BITS;
		text = *end == ',' ? end + 1 : end;
	}
	return true;
}

/* @source man sched_setaffinity(2) */
int op_cpu_affinity(struct executor *executor, const struct operation *operation)
{
	static unsigned long mask[MASK_BITS / WORD_BITS];
	const char *cpus = operation->arguments[CPU_AFFINITY_CPUS].string;
	if (!parse_list(cpus, mask))
		return FAIL(executor, "binding to CPUs \"%s\": it is not a list of CPUs", cpus);
	if (syscall(SYS_sched_setaffinity, 0, sizeof mask, mask) < 0)
		return FAIL_CALL(executor, "sched_setaffinity(2)", "binding to CPUs \"%s\"", cpus);
	return 0;
}

/* @source man set_mempolicy(2) */
int op_memory_policy(struct executor *executor, const struct operation *operation)
{
	static unsigned long mask[MASK_BITS / WORD_BITS];
	const union value *arguments = operation->arguments;
	const char *nodes = arguments[MEMORY_POLICY_NODES].string;
	unsigned long mode = (unsigned long)(arguments[MEMORY_POLICY_MODE].number | arguments[MEMORY_POLICY_FLAGS].number);
	if (!parse_list(nodes, mask))
		return FAIL(executor, "setting a memory policy on \"%s\": it is not a list of nodes", nodes);
	/* The kernel takes at most a page of nodes, and reads one bit less than it is told. */
	if (syscall(SYS_set_mempolicy, mode, nodes[0] == '\0' ? NULL : mask, nodes[0] == '\0' ? 0ul : MASK_BITS + 1ul) < 0)
		return FAIL_CALL(executor, "set_mempolicy(2)", "setting memory policy 0x%lx on nodes \"%s\"", mode, nodes);
	return 0;
}
