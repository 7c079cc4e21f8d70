/* The tracer's file, written in big pieces. Rule: what cannot be written ends the tracer with a reason, never a silent gap. */
#ifndef TLAB_TRACER_OUTPUT_H
#define TLAB_TRACER_OUTPUT_H

#include <stddef.h>

/* Makes the file, which must not exist, and writes its head. */
void output_open(const char *path);
/* Room for `size` bytes (at most 64 KB), which output_add then takes. */
void *output_room(size_t size);
void output_add(size_t size);
void output_flush(void);

#endif
