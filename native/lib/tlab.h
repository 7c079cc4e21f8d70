// libtlab.so: what Node cannot do from JavaScript because it needs a thread of its own or one system call after another.
// Rule: no function leaves the calling thread in another namespace; all of them return a result >= 0 or -errno.
#ifndef TLAB_LIB_H
#define TLAB_LIB_H

#include <stddef.h>
#include <stdint.h>

// Makes a network namespace and keeps it alive by a bind mount on `path`, a new file.
int tlab_netns_create(const char *path);

// Makes a user namespace with these maps (lines of uid_map and gid_map), and a network namespace that belongs to it: who is root in the
// one may configure the other. Each is kept alive by a bind mount, on `user_path` and on `path`, both new files.
int tlab_netns_create_mapped(const char *path, const char *user_path, const char *uid_map, const char *gid_map);

// Opens a socket inside the namespace at `path`; NULL or "" is the caller's own. Close-on-exec.
int tlab_netns_socket(const char *path, int domain, int type, int protocol);

// Writes `value` to a file below /proc/sys/net as the namespace at `path` sees it.
int tlab_netns_write(const char *path, const char *file, const char *value);

// A NETLINK_ROUTE socket in that namespace that explains its refusals (extended acknowledgements).
int tlab_netlink_open(const char *path);

// Sends one datagram of messages and reads until the acknowledgement, error or end of dump with `last_seq`.
// Returns the bytes of all answers in `answer`; -ENOBUFS when they do not fit.
int64_t tlab_netlink_exchange(int fd, const void *request, size_t size, void *answer, size_t capacity, uint32_t last_seq);

#endif
