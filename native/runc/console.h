/* The console socket that a caller gives for a container with a terminal. */
#ifndef TLAB_CONSOLE_H
#define TLAB_CONSOLE_H
#include "failure.h"

int console_connect(const char *path, struct failure *failure);

#endif
