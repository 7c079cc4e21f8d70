/* The one way out when something is wrong: one line on stderr, status 1, 3 (disk full) or 4 (no such file). What was made stays; the caller throws it away. */
#ifndef TLAB_FAILURE_H
#define TLAB_FAILURE_H
#include <stddef.h>

/* The program's name, for the message. */
void failure_program(const char *name);
/* The entry that is being worked at, for the message; NULL between entries. */
void failure_entry(const char *path);

/* `tlab-unpack: entry "usr/bin/x": <message>` */
_Noreturn void fail(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* The same with the call and errno: `…: openat(2): EPERM Operation not permitted`. Status 3 when the disk or the quota is full. */
_Noreturn void fail_call(const char *call);
/* What was asked for is not there: status 4. */
_Noreturn void fail_missing(void);

#endif
