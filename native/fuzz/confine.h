/* For harnesses whose code writes files, mounts, signals or executes: an empty root, and nobody's rights, before the first input. */
#ifndef TLAB_FUZZ_CONFINE_H
#define TLAB_FUZZ_CONFINE_H
#include <grp.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* The working directory, which holds the corpus and nothing else, becomes the root. */
static inline void confine(void)
{
	if (getuid() != 0)
		return; /* an ordinary user's rights are those that remain */
	if (chroot(".") < 0 || setgroups(0, NULL) < 0 || setgid(65534) < 0 || setuid(65534) < 0) {
		perror("confining the fuzzer");
		exit(1);
	}
}

#endif
