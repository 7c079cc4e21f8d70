/*
 * A process's standard streams. Without a terminal: a pipe for each stream between container and shim, spliced to and
 * from the client's FIFOs, so no byte passes through our memory. The FIFOs themselves are not handed over: a container
 * must not hold (nor own, runc chowns its stdio) a file of the host, and Delete must be able to end a stream that a
 * forgotten background process still has open. With a terminal: the pseudo terminal's master, copied by read and write.
 * Rules: the shim keeps the far end of each FIFO open, so a dead client neither kills the writer nor loses what is
 * buffered; our writing end closes as soon as the process's side has ended, so the client sees the end of file.
 */
#ifndef TLAB_STREAMS_H
#define TLAB_STREAMS_H
#include <stdbool.h>

#include "stream.h"

struct stdio {
	bool terminal;
	char *paths[3]; /* stdin, stdout, stderr: a FIFO, or for output file:///…; NULL or "" is /dev/null */
	struct stream streams[3];
	int child[3]; /* what the runtime gets as 0, 1, 2; -1 once handed over */
	int console; /* the master, for resizing; -1: none */
	int console_listener; /* -1: none */
	char console_path[108];
};

void stdio_init(struct stdio *stdio);
/* Opens FIFOs and pipes (or the console socket in `sockets`). On failure fills `error` and releases. */
bool stdio_open(struct stdio *stdio, const char *sockets, const unsigned owner[2], char error[256]);
/* The runtime has its copies: closes ours and begins to copy. */
void stdio_handed_over(struct stdio *stdio);
/* The runtime is done: the console must have come. */
bool stdio_console_arrived(struct stdio *stdio);
bool stdio_resize(const struct stdio *stdio, unsigned short width, unsigned short height);
void stdio_close_stdin(struct stdio *stdio);
/* True when all output that was written so far has been passed on. */
bool stdio_drained(struct stdio *stdio);
void stdio_release(struct stdio *stdio);

#endif
