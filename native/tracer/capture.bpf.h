/*
 * Reading what stands behind the arguments of a call, as the rules say, into the record that is being built.
 * A record is built in scratch memory of its program and processor: a program is never entered twice on one processor (the kernel
 * skips it and counts that), and two programs never share a piece, so nothing can write into a record half built, not even on
 * kernels where these programs may be preempted.
 * Rule: memory that cannot be read now (not resident: these programs may not sleep) is noted and read again at exit.
 */
#ifndef TLAB_TRACER_CAPTURE_BPF_H
#define TLAB_TRACER_CAPTURE_BPF_H

#include "arch.h"
#include "settings.h"

enum {
	RECORD_MOST = 16384, /* no further capture is begun beyond this */
	CHUNK_MOST = 4096,   /* of one capture */
	STRINGS_MOST = 128,  /* of one argv or envp */
	VECTORS_MOST = 8,
	CONTROL_PART = VECTORS_MOST + 1,
	CONTROL_KEPT = 256,
	EFAULT_RESULT = -14,
	E2BIG_RESULT = -7,
};

struct scratch {
	__u64 arguments[8]; /* the last two are zero: rules without a selecting register look there */
	__s64 result;
	__u32 used;
	__u32 unread; /* a bit for each argument that could not be read */
	__u32 wanted; /* a bit for each argument that no rule was selected for yet */
	__u32 reserved;
	__u8 bytes[RECORD_MOST + CHUNK_MOST + 64];
};

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, PROGRAMS);
	__type(key, __u32);
	__type(value, struct scratch);
} scratches SEC(".maps");

const volatile struct tracer_settings settings;

static __always_inline struct scratch *scratch_of(__u32 slot)
{
	return bpf_map_lookup_elem(&scratches, &slot);
}

#define OPAQUE(variable) asm volatile("" : "+r"(variable))

/* Appends `length` bytes at `address`; `whole` is what the traced process has there. */
__noinline int append_bytes(__u32 slot, __u32 place, __u64 address, __u32 length, __u32 whole)
{
	struct scratch *scratch = scratch_of(slot);
	if (!scratch)
		return 0;
	__u32 used = scratch->used;
	OPAQUE(used);
	if (used > RECORD_MOST)
		return 0;
	if (length > whole)
		length = whole;
	OPAQUE(length);
	if (length > CHUNK_MOST)
		length = CHUNK_MOST;
	struct capture *capture = (struct capture *)(scratch->bytes + used);
	__u8 *bytes = scratch->bytes + used + sizeof(struct capture);
	int failed = bpf_probe_read_user(bytes, length, (const void *)address) != 0;
	if (failed) {
		scratch->unread |= 1u << (place & 7);
		length = 0;
	}
	*(__u64 *)(bytes + length) = 0; /* the padding */
	capture->argument = place & 0xff;
	capture->part = place >> 8;
	capture->length = length;
	capture->whole = failed ? EFAULT_RESULT : (__s32)whole;
	scratch->used = used + sizeof(struct capture) + ((length + 7) & ~7u);
	return length;
}

/* Appends the string at `address`; a `whole` beyond the length says that it goes on. */
__noinline int append_string(__u32 slot, __u32 place, __u64 address, __u32 most)
{
	struct scratch *scratch = scratch_of(slot);
	if (!scratch)
		return 0;
	__u32 used = scratch->used;
	OPAQUE(used);
	if (used > RECORD_MOST)
		return 0;
	if (most > CHUNK_MOST)
		most = CHUNK_MOST;
	struct capture *capture = (struct capture *)(scratch->bytes + used);
	__u8 *bytes = scratch->bytes + used + sizeof(struct capture);
	/* One more byte than is kept: the helper writes a NUL always and counts it. */
	long got = bpf_probe_read_user_str(bytes, most + 1, (const void *)address);
	__u32 length = 0;
	if (got > 0)
		length = (__u32)got - 1;
	else
		scratch->unread |= 1u << (place & 7);
	OPAQUE(length);
	if (length > CHUNK_MOST)
		length = CHUNK_MOST;
	__s32 whole = got > 0 ? (__s32)length : EFAULT_RESULT;
	if (got > 0 && length == most) {
		char next = 0;
		bpf_probe_read_user(&next, 1, (const void *)(address + most));
		whole += next != 0;
	}
	*(__u64 *)(bytes + length) = 0;
	capture->argument = place & 0xff;
	capture->part = place >> 8;
	capture->length = length;
	capture->whole = whole;
	scratch->used = used + sizeof(struct capture) + ((length + 7) & ~7u);
	return length;
}

/* Says in the place of part `part` that the list goes on, or cannot be read. */
static __always_inline void append_mark(struct scratch *scratch, __u32 place, __s32 whole)
{
	__u32 used = scratch->used;
	OPAQUE(used);
	if (used > RECORD_MOST)
		return;
	struct capture *capture = (struct capture *)(scratch->bytes + used);
	capture->argument = place & 0xff;
	capture->part = place >> 8;
	capture->length = 0;
	capture->whole = whole;
	scratch->used = used + sizeof(struct capture);
}

/* argv and envp. */
__noinline int append_strings(__u32 slot, __u32 argument, __u64 address, __u32 most)
{
	struct scratch *scratch = scratch_of(slot);
	if (!scratch)
		return 0;
	__u32 i;
	for (i = 0; i < STRINGS_MOST; i++) {
		__u64 string = 0;
		if (bpf_probe_read_user(&string, sizeof string, (const void *)(address + 8 * i))) {
			scratch->unread |= 1u << (argument & 7);
			append_mark(scratch, argument | i << 8, EFAULT_RESULT);
			return 0;
		}
		if (string == 0)
			return 0;
		if (scratch->used > RECORD_MOST - CHUNK_MOST)
			break;
		append_string(slot, argument | i << 8, string, most);
	}
	append_mark(scratch, argument | i << 8, E2BIG_RESULT);
	return 0;
}

/* struct iovec × count, `left` bytes in all; parts from `part`. */
__noinline int append_vector(__u32 slot, __u32 place, __u64 address, __u64 count, __u64 left)
{
	struct scratch *scratch = scratch_of(slot);
	if (!scratch)
		return 0;
	for (__u32 i = 0; i < VECTORS_MOST; i++) {
		struct user_vector vector;
		if (i >= count || left == 0)
			return 0;
		if (bpf_probe_read_user(&vector, sizeof vector, (const void *)(address + i * sizeof vector))) {
			scratch->unread |= 1u << (place & 7);
			return 0;
		}
		__u64 here = vector.length < left ? vector.length : left;
		__u32 whole = here > 0x7fffffff ? 0x7fffffff : (__u32)here;
		__u32 got = append_bytes(slot, place + (i << 8), vector.base, whole, whole);
		left -= got < left ? got : left;
	}
	return 0;
}

#include "descriptor.bpf.h"

/*
 * struct msghdr: part 0 the address, from part 1 on the data, which only some netlink sockets show, and last the control messages
 * (descriptors that are handed over, who the sender is).
 */
__noinline int append_message(__u32 slot, __u32 argument, __u64 address, __u64 most, int shows_data)
{
	struct user_message message;
	struct scratch *scratch = scratch_of(slot);
	if (!scratch)
		return 0;
	if (bpf_probe_read_user(&message, sizeof message, (const void *)address)) {
		scratch->unread |= 1u << (argument & 7);
		return 0;
	}
	if (message.name && message.name_length)
		append_bytes(slot, argument, message.name, 128, message.name_length & 0x7fffffff);
	if (shows_data)
		append_vector(slot, argument | 1 << 8, message.vector, message.vectors, most);
	if (message.control && message.control_length)
		append_bytes(slot, argument | CONTROL_PART << 8, message.control, CONTROL_KEPT, message.control_length & 0x7fffffff);
	return 0;
}

/* The kinds whose length depends on something: how many bytes there are; 0 for none. */
static __always_inline __u64 length_of(const struct scratch *scratch, const volatile struct capture_rule *rule)
{
	__u32 size = 0;
	switch (rule->kind) {
	case CAPTURE_STRUCT:
		return rule->item_size;
	case CAPTURE_COUNTED:
		return (rule->count < 6 ? (__u32)scratch->arguments[rule->count] : 0) * (__u64)rule->item_size;
	case CAPTURE_RETURNED:
		return scratch->result;
	case CAPTURE_VALUE_RESULT:
		if (rule->count < 6 && scratch->arguments[rule->count])
			bpf_probe_read_user(&size, sizeof size, (const void *)scratch->arguments[rule->count]);
		return size;
	case CAPTURE_DATA:
		if (rule->at_exit)
			return scratch->result;
		return rule->count < 6 ? scratch->arguments[rule->count] : 0;
	case CAPTURE_IOCTL:
		return scratch->arguments[1] >> 16 & 0x3fff;
	default:
		return 0;
	}
}

/* ioctl says by itself when: uapi asm-generic/ioctl.h, bit 30 the process writes, bit 31 it reads. */
static __always_inline int is_now(const struct scratch *scratch, const volatile struct capture_rule *rule, int at_exit)
{
	if (rule->kind == CAPTURE_IOCTL)
		return scratch->arguments[1] >> (at_exit ? 31 : 30) & 1;
	return rule->at_exit == at_exit;
}

/* Carries out one rule, if its time is now, on the call whose registers lie in the scratch memory. */
__noinline int apply_rule(__u32 slot, __u32 index, int at_exit)
{
	struct scratch *scratch = scratch_of(slot);
	if (!scratch || index >= RULES_MOST)
		return 0;
	const volatile struct capture_rule *rule = &settings.rules[index];
	__u32 argument = rule->argument;
	if (argument >= 6)
		return 0;
	scratch->wanted &= ~(1u << argument);
	if (!is_now(scratch, rule, at_exit))
		return 0;
	__u64 address = scratch->arguments[argument];
	__u32 kind = rule->kind, most = rule->most;
	if (!address)
		return 0;
	if (kind == CAPTURE_STRING)
		return append_string(slot, argument, address, most);
	if (kind == CAPTURE_STRINGS || kind == CAPTURE_ENVIRONMENT)
		return append_strings(slot, argument, address, most);
	if (kind == CAPTURE_MESSAGE) {
		__u64 left = rule->at_exit && scratch->result < most ? scratch->result : most;
		return append_message(slot, argument, address, left, may_show_messages((__u32)scratch->arguments[0]));
	}
	if ((kind == CAPTURE_DATA || kind == CAPTURE_VECTOR) && !may_show((__u32)scratch->arguments[0]))
		return 0;
	if (kind == CAPTURE_VECTOR) {
		__u32 count = rule->count;
		__u64 left = rule->at_exit && scratch->result < most ? scratch->result : most;
		return append_vector(slot, argument, address, count < 6 ? scratch->arguments[count] : 0, left);
	}
	__u64 whole = length_of(scratch, rule);
	if (whole == 0)
		return 0;
	return append_bytes(slot, argument, address, most, whole > 0x7fffffff ? 0x7fffffff : (__u32)whole);
}

/* Unknown numbers share the last range, which is empty. The mask is for the verifier, which must see a bound right here. */
static __always_inline const volatile struct rule_range *range_of(__u32 number)
{
	if (number >= CALLS_MOST)
		number = CALLS_MOST - 1;
	OPAQUE(number);
	return &settings.ranges[number & (CALLS_MOST - 1)];
}

/* `arguments`: a bit for each one wanted. Of the rules of one argument the first that is selected holds. */
__noinline int apply_rules(__u32 slot, __u32 number, int at_exit, __u32 arguments)
{
	struct scratch *scratch = scratch_of(slot);
	const volatile struct rule_range *range = range_of(number);
	if (!scratch)
		return 0;
	__u32 first = range->first, count = range->count;
	scratch->wanted = arguments;
	/* The verifier walks every turn of this loop: one branch a turn, and no register that differs, keep loading short. */
	for (__u32 i = 0; i < RULES_A_CALL_MOST; i++) {
		__u32 index = first + i;
		OPAQUE(index); /* or the compiler walks with a pointer whose bounds the verifier cannot see */
		if (i >= count || index >= RULES_MOST)
			break;
		const volatile struct capture_rule *rule = &settings.rules[index];
		__u32 argument = rule->argument & 7;
		__u64 difference = (__u32)scratch->arguments[rule->select & 7] ^ rule->select_value;
		if ((scratch->wanted >> argument & 1) > difference)
			apply_rule(slot, index, at_exit);
	}
	return 0;
}

#endif
