/*
 * The kernel side of tlab-tracer: five programs on tracepoints write a record each into one ring buffer.
 *   sys_enter, sys_exit   every system call of a followed process, entry and return apart
 *   sched_process_fork    a child of a followed process is followed too, noted before it can run
 *   sched_process_exec    the file, as the kernel resolved its name
 *   sched_process_exit    a task ends; with its last task a process is no longer followed
 * Pointers of the kernel are followed by BPF_CORE_READ, not by `->`: for each of these the verifier searches its type information, a
 * millisecond that the caller waits for.
 * Every record is counted before it is sent, and what the ring buffer refuses is counted too:
 * enters + exits + forks + execs + ends = received + dropped. Rule: nothing gets lost uncounted.
 */
#include <linux/bpf.h>
#include <linux/types.h>

#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

#include "capture.bpf.h"

char LICENSE[] SEC("license") = "GPL"; /* the kernel lends its tracing helpers to no other */

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 16 << 20);
} ring SEC(".maps");

/* Process id (as the first pid namespace counts) → how many of its tasks were born here and live. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, FOLLOWED_MOST);
	__type(key, __u32);
	__type(value, __s32);
} followed SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, PROGRAMS);
	__type(key, __u32);
	__type(value, struct tracer_counts);
} counts SEC(".maps");

enum phase {
	UNSEEN,  /* it was there before, perhaps inside a call */
	BORN,    /* its first return is that of its parent's clone */
	INSIDE,
	OUTSIDE,
};

struct thread_state {
	__u16 number;
	__u8 phase;
	__u8 flags;
	__u32 tid;    /* as the tracer counts; exec by another thread than the leader changes it */
	__u32 unread; /* arguments to be read again at exit */
};

struct {
	__uint(type, BPF_MAP_TYPE_TASK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, struct thread_state);
} threads SEC(".maps");

/* Calls that the rules do not know. */
#define OTHER_TABLE (RECORD_COMPAT | RECORD_X32)

/* Set by main at the end: from then on nothing is written. */
volatile __u32 quiet;

static __always_inline struct tracer_counts *counts_of(__u32 slot)
{
	return bpf_map_lookup_elem(&counts, &slot);
}

static __always_inline __s32 *followed_threads(__u32 tgid)
{
	return quiet ? 0 : bpf_map_lookup_elem(&followed, &tgid);
}

/* The id that the tracer's own pid namespace gives; 0 when it does not see the process. */
static __always_inline __u32 number_in_namespace(struct pid *pid)
{
	__u32 level = BPF_CORE_READ(pid, level);
	for (__u32 i = 0; i < 32; i++) {
		struct upid *upid = &pid->numbers[i];
		if (i > level)
			break;
		if (BPF_CORE_READ(upid, ns, ns.inum) == settings.namespace_inode)
			return BPF_CORE_READ(upid, nr);
	}
	return 0;
}

static __always_inline void set_ids(__u32 *pid, __u32 *tid, struct task_struct *task)
{
	if (settings.nested) {
		*pid = number_in_namespace(BPF_CORE_READ(task, signal, pids[PIDTYPE_TGID]));
		*tid = number_in_namespace(BPF_CORE_READ(task, thread_pid));
	} else {
		*pid = task->tgid;
		*tid = task->pid;
	}
}

struct call_number {
	__u16 number;
	__u8 flags;
};

static __always_inline struct call_number call_number(long number, struct task_struct *task)
{
	struct call_number call = { 0 };
	if (is_compat(task))
		call.flags = RECORD_COMPAT;
	else if (number > 0 && (number & X32_BIT)) {
		call.flags = RECORD_X32;
		number &= ~X32_BIT;
	}
	call.number = number < 0 || number > NUMBER_UNKNOWN ? NUMBER_UNKNOWN : (__u16)number;
	return call;
}

static __always_inline void set_head(struct record_head *head, __u32 type, struct task_struct *task)
{
	head->type = type;
	head->flags = 0;
	head->number = 0;
	head->time_ns = bpf_ktime_get_ns();
	set_ids(&head->pid, &head->tid, task);
}

/*
 * The reader polls by itself; it is woken only where much has gathered, since waking costs the traced process. Looking how much
 * that is costs too: every 32nd record does.
 */
static __always_inline __u64 wake_flags(__u64 sent)
{
	if (sent % 32 || bpf_ringbuf_query(&ring, BPF_RB_AVAIL_DATA) < 1 << 19)
		return BPF_RB_NO_WAKEUP;
	return BPF_RB_FORCE_WAKEUP;
}

static __always_inline void send(__u32 slot, struct record_head *head, __u32 size)
{
	struct tracer_counts *count = counts_of(slot);
	if (!count)
		return;
	head->size = size;
	count->sent++;
	if (head->type <= RECORD_END)
		count->records[head->type]++;
	if (bpf_ringbuf_output(&ring, head, size, wake_flags(count->sent)))
		count->dropped++;
}

static __always_inline void send_scratch(__u32 slot, struct scratch *scratch)
{
	__u32 used = scratch->used;
	OPAQUE(used);
	if (used <= sizeof scratch->bytes)
		send(slot, (struct record_head *)scratch->bytes, used);
}

static __always_inline void send_enter(__u32 slot, struct scratch *scratch, struct task_struct *task, struct thread_state *state)
{
	struct record_head *head = (struct record_head *)scratch->bytes;
	struct enter_body *body = (struct enter_body *)(head + 1);
	set_head(head, RECORD_ENTER, task);
	head->number = state->number;
	head->flags = state->flags;
	state->tid = head->tid;
	__builtin_memcpy(body->arguments, scratch->arguments, sizeof body->arguments);
	scratch->used = sizeof *head + sizeof *body;
	scratch->unread = 0;
	if (range_of(state->number)->count && !(state->flags & OTHER_TABLE))
		apply_rules(slot, state->number, 0, ~0u);
	state->unread = scratch->unread;
	send_scratch(slot, scratch);
}

SEC("tp_btf/sys_enter")
int BPF_PROG(on_enter, struct pt_regs *regs, long number)
{
	struct task_struct *task = bpf_get_current_task_btf();
	if (!followed_threads(task->tgid))
		return 0;
	struct thread_state *state = bpf_task_storage_get(&threads, task, 0, BPF_LOCAL_STORAGE_GET_F_CREATE);
	struct scratch *scratch = scratch_of(ON_ENTER);
	if (!scratch)
		return 0;
	struct call_number call = call_number(number, task);
	struct thread_state now = { .number = call.number, .phase = INSIDE, .flags = call.flags };
	read_arguments(scratch->arguments, regs, now.flags & RECORD_COMPAT);
	send_enter(ON_ENTER, scratch, task, &now);
	if (state)
		*state = now;
	return 0;
}

/* What the kernel has filled in, and what could not be read at entry. After execve the old memory is gone. */
static __always_inline void read_at_exit(struct scratch *scratch, const struct thread_state *state)
{
	int is_new_program = scratch->result == 0 && (state->number == CALL_EXECVE || state->number == CALL_EXECVEAT);
	if (state->unread && !is_new_program)
		apply_rules(ON_EXIT, state->number, 0, state->unread);
	if (scratch->result >= 0 && range_of(state->number)->at_exit)
		apply_rules(ON_EXIT, state->number, 1, ~0u);
}

SEC("tp_btf/sys_exit")
int BPF_PROG(on_exit, struct pt_regs *regs, long result)
{
	struct task_struct *task = bpf_get_current_task_btf();
	if (!followed_threads(task->tgid))
		return 0;
	struct thread_state *state = bpf_task_storage_get(&threads, task, 0, BPF_LOCAL_STORAGE_GET_F_CREATE);
	struct scratch *scratch = scratch_of(ON_EXIT);
	if (!scratch)
		return 0;
	struct thread_state now = {};
	if (state)
		now = *state;
	if (now.phase != INSIDE) {
		struct call_number call = call_number(number_at_exit(regs), task);
		now.number = call.number;
		now.flags = call.flags;
		now.unread = 0;
	}
	scratch->result = result;
	read_arguments(scratch->arguments, regs, now.flags & RECORD_COMPAT);
	if (now.phase == OUTSIDE) {
		/* A seccomp filter answered before sys_enter: the entry is told here. */
		now.flags |= RECORD_REFUSED;
		send_enter(ON_EXIT, scratch, task, &now);
	}
	struct record_head *head = (struct record_head *)scratch->bytes;
	struct exit_body *body = (struct exit_body *)(head + 1);
	set_head(head, RECORD_EXIT, task);
	head->number = now.number;
	head->flags = now.flags;
	body->result = result;
	scratch->used = sizeof *head + sizeof *body;
	if (!(now.flags & OTHER_TABLE) && now.phase != BORN)
		read_at_exit(scratch, &now);
	if (state) {
		state->phase = OUTSIDE;
		state->tid = head->tid;
	}
	send_scratch(ON_EXIT, scratch);
	return 0;
}

SEC("tp_btf/sched_process_fork")
int BPF_PROG(on_fork, struct task_struct *parent, struct task_struct *child)
{
	struct tracer_counts *count = counts_of(ON_FORK);
	__s32 *threads_here = followed_threads(parent->tgid);
	if (!threads_here || !count)
		return 0;
	__u32 child_tgid = child->tgid;
	__s32 one = 1;
	if (child_tgid == (__u32)parent->tgid)
		__sync_fetch_and_add(threads_here, 1);
	else if (bpf_map_update_elem(&followed, &child_tgid, &one, BPF_ANY))
		count->unfollowed++;
	struct thread_state *state = bpf_task_storage_get(&threads, child, 0, BPF_LOCAL_STORAGE_GET_F_CREATE);
	if (state)
		state->phase = BORN;

	struct {
		struct record_head head;
		struct fork_body body;
	} record = {};
	set_head(&record.head, RECORD_FORK, parent);
	set_ids(&record.body.child_pid, &record.body.child_tid, child);
	struct pid *pid = BPF_CORE_READ(child, thread_pid);
	__u32 level = BPF_CORE_READ(pid, level);
	if (level < 32)
		record.body.child_inner_tid = BPF_CORE_READ(&pid->numbers[level], nr);
	bpf_probe_read_kernel_str(record.body.command, sizeof record.body.command, child->comm);
	send(ON_FORK, &record.head, sizeof record);
	return 0;
}

static __always_inline void append_kernel_string(struct scratch *scratch, const char *string)
{
	struct capture *capture = (struct capture *)(scratch->bytes + sizeof(struct record_head) + sizeof(struct exec_body));
	char *bytes = (char *)(capture + 1);
	long got = bpf_probe_read_kernel_str(bytes, CHUNK_MOST, string);
	__u32 length = got > 0 ? (__u32)got - 1 : 0;
	OPAQUE(length);
	if (length > CHUNK_MOST)
		length = CHUNK_MOST;
	*(__u64 *)(bytes + length) = 0;
	*capture = (struct capture){ .length = length, .whole = (__s32)length };
	scratch->used += sizeof *capture + ((length + 7) & ~7u);
}

/* The arguments as they lie on the new program's stack, where the kernel has just put them. */
static __always_inline void append_new_arguments(struct task_struct *task)
{
	struct scratch *scratch = scratch_of(ON_EXEC);
	__u64 at = BPF_CORE_READ(task, mm, arg_start), end = BPF_CORE_READ(task, mm, arg_end);
	for (__u32 i = 0; i < STRINGS_MOST && scratch; i++) {
		if (at >= end)
			return;
		if (scratch->used > RECORD_MOST - CHUNK_MOST) {
			append_mark(scratch, 1 | i << 8, E2BIG_RESULT);
			return;
		}
		at += append_string(ON_EXEC, 1 | i << 8, at, CHUNK_MOST);
		char last = 1;
		/* Where one does not end where it was cut, or cannot be read, nobody knows where the next one begins. */
		if (bpf_probe_read_user(&last, 1, (const void *)at) || last != 0)
			return;
		at++;
	}
}

SEC("tp_btf/sched_process_exec")
int BPF_PROG(on_exec, struct task_struct *task, int old_pid, struct linux_binprm *program)
{
	if (!followed_threads(task->tgid))
		return 0;
	struct scratch *scratch = scratch_of(ON_EXEC);
	if (!scratch)
		return 0;
	struct thread_state *state = bpf_task_storage_get(&threads, task, 0, 0);
	struct record_head *head = (struct record_head *)scratch->bytes;
	struct exec_body *body = (struct exec_body *)(head + 1);
	set_head(head, RECORD_EXEC, task);
	body->old_tid = state ? state->tid : head->tid;
	body->reserved = 0;
	scratch->used = sizeof *head + sizeof *body;
	append_kernel_string(scratch, BPF_CORE_READ(program, filename));
	if (state && state->unread)
		append_new_arguments(task);
	send_scratch(ON_EXEC, scratch);
	return 0;
}

SEC("tp_btf/sched_process_exit")
int BPF_PROG(on_end, struct task_struct *task)
{
	__u32 tgid = task->tgid;
	__s32 *threads_here = followed_threads(tgid);
	if (!threads_here)
		return 0;
	__s32 left = __sync_fetch_and_add(threads_here, -1) - 1;
	__s32 alive = BPF_CORE_READ(task, signal, live.counter);
	struct {
		struct record_head head;
		struct end_body body;
	} record = {};
	/*
	 * Two tasks that end at once may both find no other alive: those born here are counted one by one, and of the others the one
	 * that takes the process out is the last.
	 */
	if (alive == 0 && left <= 0 && bpf_map_delete_elem(&followed, &tgid))
		left = 1;
	set_head(&record.head, RECORD_END, task);
	record.body.code = task->exit_code;
	record.body.threads_left = left > 0 ? left : alive;
	send(ON_END, &record.head, sizeof record);
	return 0;
}

/*
 * Where the tracer is in a pid namespace below the first one it knows its processes by other numbers than `followed`: main reads
 * this iterator once, and it goes through all processes.
 */
SEC("iter/task")
int find_processes(struct bpf_iter__task *context)
{
	struct task_struct *task = context->task;
	if (!task || task->pid != task->tgid)
		return 0;
	__u32 number = number_in_namespace(task->thread_pid);
	__u32 tgid = task->tgid;
	__s32 born_here = 0;
	for (__u32 i = 0; i < FOLLOW_MOST; i++)
		if (i < settings.follows && settings.follow[i] == number && number != 0)
			bpf_map_update_elem(&followed, &tgid, &born_here, BPF_ANY);
	return 0;
}
