/* Descriptors over unix sockets: to the console socket of a caller, to a seccomp agent. */
#ifndef TLAB_DESCRIPTOR_H
#define TLAB_DESCRIPTOR_H
#include <stddef.h>

#include "failure.h"

/* Connected, close-on-exec; -1 with a failure that calls the other side `what`. A deadline of 0 s is none. */
int unix_connect(const char *path, const char *what, unsigned deadline_s, struct failure *failure);
/* The text with one descriptor beside its first byte. -1 with errno. */
int send_descriptor(int socket, int descriptor, const char *text, size_t length);

#endif
