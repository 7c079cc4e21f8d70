/* How tlab-tracer fails: one line on stderr that says what to do, and a status that says whose fault it is. */
#ifndef TLAB_TRACER_FAILURE_H
#define TLAB_TRACER_FAILURE_H

enum {
	STATUS_FAILED = 1, /* a file could not be written, … */
	STATUS_USAGE = 2,
	STATUS_HOST = 3, /* this host cannot or may not use eBPF */
};

__attribute__((noreturn, format(printf, 2, 3))) void fail(int status, const char *format, ...);

#endif
