/*
 * Before the first untrusted byte or name is looked at: the directory becomes this process's root, and the capabilities that
 * the work does not need go. A mistake in here or in libarchive then has little to work with.
 */
#ifndef TLAB_CONFINE_H
#define TLAB_CONFINE_H

/* `kept`: the capabilities that stay, ended by -1. */
void confine_to(int directory, const int *kept);
/* The capabilities alone, for work on several trees. */
void confine_capabilities(const int *kept);

#endif
