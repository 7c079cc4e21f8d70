/* A user namespace refused, in words that say what to do. */
#ifndef TLAB_ID_MAP_H
#define TLAB_ID_MAP_H
#include "executor.h"

/* After a clone3(2) with CLONE_NEWUSER: errno says why. Returns -1. */
int fail_user_namespace(struct executor *executor);

#endif
