/* Takes secrets out of a record before it is written: out of the environment, argument lists and the options of mounts. */
#ifndef TLAB_TRACER_REDACT_H
#define TLAB_TRACER_REDACT_H

#include "records.h"

/* The record in place; it may become shorter. Returns its new size. */
unsigned redact_record(unsigned char *record, unsigned size);

#endif
