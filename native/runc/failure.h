/*
 * What went wrong, as one sentence. It lives in memory shared by the runtime and its child, so that the child can say why it
 * stops without any message protocol. Writing one uses no heap.
 */
#ifndef TLAB_FAILURE_H
#define TLAB_FAILURE_H

struct failure {
	int number; /* errno, 0 when no system call is to blame */
	char text[2048];
};

/* Both return -1, so that callers can say `return fail_…`. */
__attribute__((format(printf, 2, 3))) int fail_plain(struct failure *failure, const char *format, ...);
/* Adds `: <call>(2): EPERM operation not permitted` for the current errno. */
__attribute__((format(printf, 3, 4))) int fail_call(struct failure *failure, const char *call, const char *format, ...);
/* Appends ` (config.json /mounts/0)`. */
void failure_cause(struct failure *failure, const char *document, const char *pointer);
/* Puts words before what is there. */
void failure_prefix(struct failure *failure, const char *prefix);

#endif
