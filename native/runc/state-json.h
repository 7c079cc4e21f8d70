/* The container's state as JSON: the specification's for `state` and hooks, and state.json in the state directory. */
#ifndef TLAB_STATE_JSON_H
#define TLAB_STATE_JSON_H
#include "state.h"

void state_file_json(const struct container *container, char *text, size_t size);

#endif
