/*
 * Before the first byte of a layer is looked at: the directory becomes this process's root, and the capabilities that
 * making files does not need go. A mistake in here or in libarchive then has little to work with.
 */
#ifndef TLAB_CONFINE_H
#define TLAB_CONFINE_H

void confine_to(int directory);

#endif
