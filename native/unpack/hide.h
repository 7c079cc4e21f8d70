/*
 * Whiteouts where nothing lies below but in the same directory: what a layer hides is removed. Only what was there before the layer is
 * hidden, so every name that the layer itself brings is remembered, whichever comes first in the archive.
 * @source oci-image layer#whiteouts
 */
#ifndef TLAB_HIDE_H
#define TLAB_HIDE_H
#include <stdbool.h>

#include "tree.h"

/* The layer brings this name. */
void hide_remember(const struct place *place);
bool hide_is_remembered(const struct place *place);
/* Removes what has the name and was there before. */
void hide_name(const struct place *place);
/* Removes what is in the directory and was there before. */
void hide_children(int directory);

#endif
