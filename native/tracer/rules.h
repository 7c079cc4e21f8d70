/* The generated rules of captures.h, in the order in which the programs look them up. */
#ifndef TLAB_TRACER_RULES_H
#define TLAB_TRACER_RULES_H

#include "settings.h"

void rules_fill(struct tracer_settings *settings);
/* CAPTURE_STRINGS or CAPTURE_ENVIRONMENT where an argument is a list of strings; else 0. */
int rules_list_kind(unsigned number, unsigned argument);

#endif
