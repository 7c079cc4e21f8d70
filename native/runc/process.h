/* The program's surroundings: working directory, session, keyring. */
#ifndef TLAB_PROCESS_H
#define TLAB_PROCESS_H
#include "executor.h"

/* Changes to `path`, made when missing, and verifies that it is inside the container. */
int enter_working_directory(struct executor *executor, const char *path);

#endif
