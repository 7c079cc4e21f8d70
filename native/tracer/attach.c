#include "attach.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "failure.h"
#include "rules.h"

/* The compiled programs, inside this one: see object.S. */
extern const unsigned char object_start[], object_end[];

/* include/linux/proc_ns.h: the inode of the first pid namespace. */
#define FIRST_PID_NAMESPACE 0xEFFFFFFCU

static const char *const program_names[PROGRAMS] = { "on_enter", "on_exit", "on_fork", "on_exec", "on_end" };

static char last_warning[512];

static int keep_warning(enum libbpf_print_level level, const char *format, va_list arguments)
{
	if (level == LIBBPF_WARN && getenv("TLAB_TRACER_DEBUG"))
		vfprintf(stderr, format, arguments);
	else if (level == LIBBPF_WARN && last_warning[0] == '\0')
		vsnprintf(last_warning, sizeof last_warning, format, arguments);
	last_warning[strcspn(last_warning, "\n")] = '\0';
	return 0;
}

__attribute__((noreturn)) static void fail_host(const char *step)
{
	int error = errno;
	const char *reason = strerror(error);
	if (error == EACCES)
		reason = last_warning[0] ? last_warning : "the kernel's verifier refuses them";
	else if (error == EPERM)
		reason = "not permitted: root, or CAP_BPF and CAP_PERFMON, and no kernel lockdown";
	else if (access("/sys/kernel/btf/vmlinux", R_OK) < 0)
		reason = "the kernel has no type information (/sys/kernel/btf/vmlinux, CONFIG_DEBUG_INFO_BTF)";
	else if (error == EINVAL && last_warning[0])
		reason = last_warning;
	fail(STATUS_HOST, "eBPF cannot be used: %s: %s", step, reason);
}

static bool fill_settings(struct bpf_object *object, const struct options *options)
{
	size_t size = 0;
	struct bpf_map *map = bpf_object__find_map_by_name(object, ".rodata");
	struct tracer_settings *settings = map ? (void *)bpf_map__initial_value(map, &size) : NULL;
	struct stat namespace;
	if (!settings || size < sizeof *settings || stat("/proc/self/ns/pid", &namespace) < 0)
		fail_host("settings");
	rules_fill(settings);
	settings->namespace_inode = (__u32)namespace.st_ino;
	settings->nested = settings->namespace_inode != FIRST_PID_NAMESPACE;
	settings->follows = (__u32)options->follows;
	for (size_t i = 0; i < options->follows; i++)
		settings->follow[i] = (__u32)options->follow[i];
	return settings->nested;
}

static int map_fd(struct bpf_object *object, const char *name)
{
	int fd = bpf_object__find_map_fd_by_name(object, name);
	if (fd < 0)
		fail_host(name);
	return fd;
}

/* Its threads were not counted one by one: 0 leaves it to the kernel's own count. */
static void follow_by_number(const struct options *options, int followed)
{
	for (size_t i = 0; i < options->follows; i++) {
		__u32 pid = (__u32)options->follow[i];
		__s32 born_here = 0;
		if (bpf_map_update_elem(followed, &pid, &born_here, BPF_ANY) < 0)
			fail_host("following a process");
		/* It ended while we came: its number will be somebody else's. */
		if (kill(options->follow[i], 0) < 0 && errno == ESRCH)
			bpf_map_delete_elem(followed, &pid);
	}
}

/* The program find_processes knows the processes by their numbers in this namespace. */
static void follow_by_search(struct bpf_program *search)
{
	struct bpf_link *link = bpf_program__attach(search);
	int fd = link ? bpf_iter_create(bpf_link__fd(link)) : -1;
	char none[64];
	ssize_t n;
	if (fd < 0)
		fail_host("finding a process");
	while ((n = read(fd, none, sizeof none)) > 0 || (n < 0 && errno == EINTR))
		;
	if (n < 0)
		fail_host("finding a process");
	close(fd);
	bpf_link__destroy(link);
}

struct tracer tracer_attach(const struct options *options)
{
	struct tracer tracer = { 0 };
	libbpf_set_print(keep_warning);
	LIBBPF_OPTS(bpf_object_open_opts, open_options, .object_name = "tlab_tracer");
	tracer.object = bpf_object__open_mem(object_start, (size_t)(object_end - object_start), &open_options);
	if (!tracer.object)
		fail_host("opening the programs");
	bool nested = fill_settings(tracer.object, options);
	struct bpf_program *search = bpf_object__find_program_by_name(tracer.object, "find_processes");
	bpf_program__set_autoload(search, nested);
	bpf_map__set_max_entries(bpf_object__find_map_by_name(tracer.object, "ring"), options->buffer_mb << 20);
	if (bpf_object__load(tracer.object) < 0)
		fail_host("loading the programs");
	tracer.ring_fd = map_fd(tracer.object, "ring");
	tracer.counts_fd = map_fd(tracer.object, "counts");
	size_t size = 0;
	tracer.quiet = (volatile __u32 *)bpf_map__initial_value(bpf_object__find_map_by_name(tracer.object, ".bss"), &size);
	if (!tracer.quiet)
		fail_host("the stop flag");
	for (int i = 0; i < PROGRAMS; i++) {
		tracer.links[i] = bpf_program__attach(bpf_object__find_program_by_name(tracer.object, program_names[i]));
		if (!tracer.links[i])
			fail_host(program_names[i]);
	}
	if (nested)
		follow_by_search(search);
	else
		follow_by_number(options, map_fd(tracer.object, "followed"));
	return tracer;
}

static __u64 missed_runs(const struct tracer *tracer)
{
	__u64 missed = 0;
	for (int i = 0; i < PROGRAMS; i++) {
		struct bpf_prog_info info = { 0 };
		__u32 size = sizeof info;
		int fd = bpf_program__fd(bpf_object__find_program_by_name(tracer->object, program_names[i]));
		if (bpf_obj_get_info_by_fd(fd, &info, &size) == 0)
			missed += info.recursion_misses;
	}
	return missed;
}

struct counts_body tracer_counts(const struct tracer *tracer)
{
	struct counts_body sum = { .missed = missed_runs(tracer) };
	int processors = libbpf_num_possible_cpus();
	if (processors < 1)
		fail(STATUS_FAILED, "counting processors: %s", strerror(-processors));
	struct tracer_counts *each = calloc((size_t)processors, sizeof *each);
	if (!each)
		fail(STATUS_FAILED, "out of memory");
	for (__u32 slot = 0; slot < PROGRAMS; slot++) {
		if (bpf_map_lookup_elem(tracer->counts_fd, &slot, each) < 0)
			fail(STATUS_FAILED, "reading the counts: bpf(2): %s", strerror(errno));
		for (int i = 0; i < processors; i++) {
			sum.enters += each[i].records[RECORD_ENTER];
			sum.exits += each[i].records[RECORD_EXIT];
			sum.forks += each[i].records[RECORD_FORK];
			sum.execs += each[i].records[RECORD_EXEC];
			sum.ends += each[i].records[RECORD_END];
			sum.dropped += each[i].dropped;
			sum.missed += each[i].unfollowed;
		}
	}
	free(each);
	return sum;
}

void tracer_quiet(struct tracer *tracer)
{
	*tracer->quiet = 1;
}
