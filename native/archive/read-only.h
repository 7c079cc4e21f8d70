#ifndef TLAB_READ_ONLY_H
#define TLAB_READ_ONLY_H

/* Mounts `source`, with what is mounted in it, over what the descriptor `place` is; nothing can be written to it. */
void bind_read_only(const char *source, int place);

#endif
