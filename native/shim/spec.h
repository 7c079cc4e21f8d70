/*
 * The one thing that the shim reads in config.json: which group its container belongs to.
 * Rule: a text that is not JSON has no annotations; nothing is read beyond its end.
 */
#ifndef TLAB_SPEC_H
#define TLAB_SPEC_H
#include <stdbool.h>
#include <stddef.h>

/*
 * Finds a key in the object `annotations` and copies its string value as it is spelled: escapes are not undone, since groups are
 * only compared. False when it is not there, is empty, or does not fit into `size` bytes with its final NUL.
 */
bool spec_annotation(const char *json, size_t length, const char *key, char *value, size_t size);
/* The group that the config.json in the working directory names. @source containerd runtime/v2/runc/manager groupLabels */
bool spec_group(char *group, size_t size);

#endif
