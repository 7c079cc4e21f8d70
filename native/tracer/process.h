/* A record for each process that was there before: its name and its descriptors. */
#ifndef TLAB_TRACER_PROCESS_H
#define TLAB_TRACER_PROCESS_H

#include <sys/types.h>

/* Nothing when the process is gone. */
void process_record(pid_t pid);

#endif
