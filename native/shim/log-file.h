/*
 * file:///path as a process's output: the shim appends to it what comes out of the pipe. @source containerd runtime/v2/README.md logging
 * Rule: the container gets the pipe, never the file.
 */
#ifndef TLAB_LOG_FILE_H
#define TLAB_LOG_FILE_H
#include <stdbool.h>

bool is_log_file(const char *uri);
/* Makes the folders above it. -1 with errno when it cannot be opened. */
int log_file_open(const char *uri);

#endif
