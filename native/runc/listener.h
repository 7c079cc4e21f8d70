/* The seccomp listener on its way from the filtered child to the agent. */
#ifndef TLAB_LISTENER_H
#define TLAB_LISTENER_H
#include "executor.h"

#define LISTENER_FAILED (-1)

/* The child: installs the filter and does nothing else until the agent has the listener. -1 with errno. */
int listener_install(struct executor *executor, const void *filter, unsigned long flags);
/* The runtime, after MESSAGE_LISTENER: fetches the listener and sends it. */
int listener_send(struct executor *executor);

#endif
