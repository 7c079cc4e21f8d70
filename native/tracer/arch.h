/*
 * What differs between processors: where a system call's number and arguments lie in the saved registers.
 * Rule: at exit the argument registers still hold what they held at entry (execve and rt_sigreturn excepted), the register of the
 * result does not.
 */
#ifndef TLAB_TRACER_ARCH_H
#define TLAB_TRACER_ARCH_H

#include "kernel-types.h"

#ifdef __TARGET_ARCH_x86

struct pt_regs {
	unsigned long bx, cx, dx, si, di, bp, r8, r9, r10, orig_ax;
} __KERNEL_TYPE;

#define TS_COMPAT 2 /* asm/thread_info.h: the call came in by int 0x80 or from 32-bit code */
#define X32_BIT 0x40000000 /* uapi asm/unistd.h */
#define CALL_EXECVE 59
#define CALL_EXECVEAT 322

static __always_inline int is_compat(struct task_struct *task)
{
	return (task->thread_info.status & TS_COMPAT) != 0;
}

static __always_inline void read_arguments(__u64 arguments[6], struct pt_regs *regs, int compat)
{
	if (compat) {
		arguments[0] = (__u32)regs->bx;
		arguments[1] = (__u32)regs->cx;
		arguments[2] = (__u32)regs->dx;
		arguments[3] = (__u32)regs->si;
		arguments[4] = (__u32)regs->di;
		arguments[5] = (__u32)regs->bp;
		return;
	}
	arguments[0] = regs->di;
	arguments[1] = regs->si;
	arguments[2] = regs->dx;
	arguments[3] = regs->r10;
	arguments[4] = regs->r8;
	arguments[5] = regs->r9;
}

/* -1 after rt_sigreturn. */
static __always_inline long number_at_exit(struct pt_regs *regs)
{
	return (long)regs->orig_ax;
}

#else /* arm64 */

struct pt_regs {
	__u64 regs[31];
	__u64 orig_x0;
	int syscallno;
} __KERNEL_TYPE;

#define TIF_32BIT 22 /* asm/thread_info.h */
#define X32_BIT 0
#define CALL_EXECVE 221
#define CALL_EXECVEAT 281

static __always_inline int is_compat(struct task_struct *task)
{
	return (task->thread_info.flags >> TIF_32BIT) & 1;
}

static __always_inline void read_arguments(__u64 arguments[6], struct pt_regs *regs, int compat)
{
	__u64 mask = compat ? 0xffffffff : ~0ULL;
	arguments[0] = regs->orig_x0 & mask;
	arguments[1] = regs->regs[1] & mask;
	arguments[2] = regs->regs[2] & mask;
	arguments[3] = regs->regs[3] & mask;
	arguments[4] = regs->regs[4] & mask;
	arguments[5] = regs->regs[5] & mask;
}

static __always_inline long number_at_exit(struct pt_regs *regs)
{
	return regs->syscallno;
}

#endif
#endif
