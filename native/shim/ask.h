/*
 * The other end of the shim's door, for the delete action: one request, and its answer waited for. What the answer says does not
 * matter: what was not done is done by other means.
 */
#ifndef TLAB_SHIM_ASK_H
#define TLAB_SHIM_ASK_H
#include "proto.h"

/* A connection to a live shim; -1 when nobody listens. */
int ask_open(const char *socket);
/* A request with nothing but the container's id in it. */
struct writer ask_id(const char *id);
/* False when no answer came in time. */
bool ask(int fd, const char *method, const struct writer *payload);

#endif
