/*
 * What main hands to the BPF programs before they are loaded, and what both sides count. Rule: only fixed-width types; both
 * compilers must lay these out alike.
 */
#ifndef TLAB_TRACER_SETTINGS_H
#define TLAB_TRACER_SETTINGS_H

#include "capture-rule.h"
#include "records.h"

enum {
	CALLS_MOST = 512,       /* numbers from 0; a power of two; x86-64 and arm64 end below 480 */
	RULES_MOST = 2048,
	RULES_A_CALL_MOST = 96, /* prctl and keyctl have many variants */
	NO_REGISTER = 6,        /* rules.select as the programs see it: a register that is always 0 */
	FOLLOW_MOST = 256,      /* on the command line */
	FOLLOWED_MOST = 8192, /* processes at once */
};

/* The rules of one call number are neighbours: rules[first] to rules[first + count - 1]. */
struct rule_range {
	__u16 first;
	__u8 count;
	__u8 at_exit; /* whether any of them is for the exit */
};

/* Read only once the programs are loaded. */
struct tracer_settings {
	__u32 nested;          /* the tracer is in a pid namespace below the first one, this one: */
	__u32 namespace_inode;
	__u32 follows;         /* what find_processes looks for, as that namespace counts */
	__u32 follow[FOLLOW_MOST];
	struct rule_range ranges[CALLS_MOST];
	struct capture_rule rules[RULES_MOST];
};

enum program_slot { ON_ENTER, ON_EXIT, ON_FORK, ON_EXEC, ON_END, PROGRAMS };

/* One for each program and processor, so that no two programs ever write the same one. Positions are those of record_type. */
struct tracer_counts {
	__u64 records[RECORD_END + 1];
	__u64 sent;       /* of all types */
	__u64 dropped;    /* did not fit into the ring buffer */
	__u64 unfollowed; /* a child that could not be noted: its calls are not here */
};

#endif
