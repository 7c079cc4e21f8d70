/* A container's terminal in the foreground: `run` and `exec` without --console-socket play the caller's part themselves. */
#ifndef TLAB_TERMINAL_H
#define TLAB_TERMINAL_H
#include <sys/types.h>

#include "failure.h"

/* A pair in place of a console socket: [0] for terminal_relay, [1] for the executor. */
int terminal_pair(int pair[2], struct failure *failure);
/* Takes the terminal's master from `socket`, copies both ways until the child has ended; its exit status, 128+n for a signal. */
int terminal_relay(int socket, pid_t child);

#endif
