/*
 * What a layer brings, and what else is in the directory: only that is hidden, whichever of name and whiteout comes first in the archive.
 * Where all layers share the directory, all is from below but the names that the layer brings; they are remembered. Where the layer has a
 * directory of its own, all is the layer's but what was made for want of it: parents, whiteouts, files that came up; those are remembered.
 * @source oci-image layer#whiteouts
 */
#ifndef TLAB_HIDE_H
#define TLAB_HIDE_H
#include <stdbool.h>

#include "extract.h"
#include "tree.h"

/* How the directory is used; without it, nothing is ever hidden. */
void hide_begin(enum whiteouts whiteouts);
/* The layer brings this name. */
void hide_remember(const struct place *place);
/* This was made, and the layer may still bring it. */
void hide_raised(const struct place *place);
bool hide_is_brought(const struct place *place);
/* Removes what has the name and the layer did not bring. */
void hide_name(const struct place *place);
/* Removes what is in the directory and the layer did not bring. */
void hide_children(int directory);

#endif
