/* Owner, mode, extended attributes and times of what is copied; those of directories wait until nothing is made in them any more. */
#ifndef TLAB_COPY_ATTRIBUTES_H
#define TLAB_COPY_ATTRIBUTES_H
#include <stdbool.h>
#include <stdint.h>
#include <sys/stat.h>

#include "verbs.h"

void set_attributes(int from, int to, const struct stat *status, const struct arguments *arguments);
/* For what must not be opened. */
void set_attributes_at(int parent, const char *name, const struct stat *status, const struct arguments *arguments);
void set_times(int to, const struct stat *status, int64_t newest);
void directory_times(const char *path, int to, const struct stat *status, int64_t newest);
/* Something was made in this directory: with --newest its time may not be later than that. */
void directory_touched(const char *child, int directory, int64_t newest);
void directory_times_apply(const struct tree *to);

#endif
