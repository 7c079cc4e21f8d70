/*
 * The root filesystem: containerd's Mount messages attached on <bundle>/rootfs, in order, and detached again.
 * @source man mount(8)
 */
#ifndef TLAB_MOUNTS_H
#define TLAB_MOUNTS_H
#include "proto.h"
#include "../common/trace.h"

/* Attaches one containerd.types.Mount on `target`. On failure fills `error`. */
bool mount_attach(struct bytes message, const char *target, const struct trace *trace, char error[512]);
/* Detaches everything that is mounted on `target`. */
void mount_detach(const char *target, const struct trace *trace);

#endif
