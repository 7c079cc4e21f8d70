/* One direction of one process: bytes go from one descriptor to another, as the other has room for them. */
#ifndef TLAB_STREAM_H
#define TLAB_STREAM_H
#include <stdbool.h>

#include "loop.h"

struct stream {
	struct source from;
	struct source to;
	struct source opened; /* inotify: waits for the first reader of an output that has ended */
	int keep;             /* the FIFO's other end, open until release */
	bool is_output;
	bool copies;   /* read and write, not splice */
	char *pending; /* read but not yet taken by `to` */
	int pending_length;
};

void stream_init(struct stream *stream, bool is_output);
/* Takes both descriptors, also when it fails. */
bool stream_begin(struct stream *stream, int from, int to);
/* Passes on what is there now. */
void stream_pump(struct stream *stream);
/* Ends it; `keep` stays the owner's. */
void stream_close(struct stream *stream);

#endif
