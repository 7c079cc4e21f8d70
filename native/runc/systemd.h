/* Calls of systemd's manager. The messages are made by the compiler; this is only the way there and the answer. */
#ifndef TLAB_SYSTEMD_H
#define TLAB_SYSTEMD_H
#include "plan.h"

/* The calls behind the program, which end the container's unit: for delete, and to undo. Nothing when the plan has none. */
int systemd_calls_late(const struct plan *plan, struct failure *failure);

#endif
