/* From the ring buffer into the file. */
#ifndef TLAB_TRACER_DRAIN_H
#define TLAB_TRACER_DRAIN_H

#include <signal.h>

#include "attach.h"

void drain_begin(const struct tracer *tracer);
/* Until `stop_fd` becomes readable or ends. */
void drain_until(int stop_fd, const volatile sig_atomic_t *stopped);
/* Everything that is there after tracer_quiet; returns the counts, with `received`. */
struct counts_body drain_rest(const struct tracer *tracer);

#endif
