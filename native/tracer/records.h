/*
 * The tracer's file: a head, then records, each with its size, in the order in which the kernel reserved them (nearly, not
 * strictly, the order of their times). Little endian; every size is a multiple of 8. Read by src/tracer/records.ts: the two
 * change together. Rule: nothing is decoded here, and nothing secret gets here (see redact.c).
 */
#ifndef TLAB_TRACER_RECORDS_H
#define TLAB_TRACER_RECORDS_H

#ifndef __VMLINUX_TYPES__
#include <linux/types.h>
#endif

#define TRACER_MAGIC "tlabcall"
#define TRACER_VERSION 1

struct file_head {
	char magic[8];
	__u32 version;
	__u32 machine; /* EM_X86_64 (62) or EM_AARCH64 (183) */
	__u64 start_ns; /* CLOCK_MONOTONIC, as every time here */
};

enum record_type {
	RECORD_ENTER = 1,   /* enter_body, captures */
	RECORD_EXIT = 2,    /* exit_body, captures (read at exit, or read again) */
	RECORD_FORK = 3,    /* fork_body; by the parent, before the child can run */
	RECORD_EXEC = 4,    /* exec_body, captures: 0 the file as the kernel resolved its name; 1 the arguments, when execve's entry lacks them */
	RECORD_END = 5,     /* end_body; a task ends */
	RECORD_PROCESS = 6, /* process_body, captures: a process that was there before; the captures are its descriptors */
	RECORD_COUNTS = 7,  /* counts_body; the last record of a file that was ended properly */
};

/* record_head.flags */
#define RECORD_COMPAT 1 /* a 32-bit system call: the number is of the other table */
#define RECORD_X32 2    /* a call of the x32 table (bit 30 of the number, not kept in it) */
#define RECORD_REFUSED 4 /* enter: a seccomp filter answered (or, under ptrace, a kill came); the kernel never began the call */
#define NUMBER_UNKNOWN 0xffff /* what does not fit into record_head.number: no kernel has such a call */

struct record_head {
	__u32 size; /* whole record */
	__u8 type;
	__u8 flags;
	__u16 number; /* of the system call; 0 for other records */
	__u64 time_ns;
	__u32 pid; /* thread group, as the tracer's pid namespace counts */
	__u32 tid;
};

struct enter_body { __u64 arguments[6]; };
struct exit_body { __s64 result; };
struct fork_body {
	__u32 child_pid, child_tid;
	__u32 child_inner_tid; /* as the child's own pid namespace counts: what clone returns there */
	__u32 reserved;
	char command[16];
};
struct exec_body { __u32 old_tid, reserved; };
struct end_body {
	__s32 code; /* as wait(2) encodes it */
	__u32 threads_left; /* 0: the process ends with it */
};
struct process_body { char command[16]; };
struct counts_body {
	__u64 enters, exits, forks, execs, ends; /* as the kernel side counted */
	__u64 dropped; /* did not fit into the ring buffer */
	__u64 missed;  /* the program was not run: it was running already on that processor */
	__u64 received;
};

/* What was read from the traced process for one argument. */
struct capture {
	__u8 argument; /* 0 to 5; of RECORD_PROCESS: unused */
	__u8 part;     /* 0, or the position inside an array or message */
	__u16 length;  /* bytes that follow, before padding to 8 */
	__s32 whole;   /* length in the traced process, or a negative errno; of RECORD_PROCESS: the descriptor, AT_FDCWD for the working folder */
};

#endif
