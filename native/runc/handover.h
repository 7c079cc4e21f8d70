/*
 * The hand-over between runtime and child: one SOCK_SEQPACKET pair, one message each way a turn.
 *
 *     runtime                        child
 *     GO i          ───────────▶     executes operations from i
 *                   ◀───────────     YIELD j   operation j is the runtime's
 *                   ◀───────────     READY j   stands before its barrier; GO releases it to the barrier
 *                   ◀───────────     FAILED    shared->failure says why
 *                   ◀───────────     LISTENER j   is about to install a filter whose listener the runtime must fetch (listener.c)
 *     end of file: the other side is dead, or the child has executed its program (close-on-exec)
 */
#ifndef TLAB_HANDOVER_H
#define TLAB_HANDOVER_H
#include <stdint.h>

enum message_kind { MESSAGE_GO = 1, MESSAGE_YIELD, MESSAGE_READY, MESSAGE_FAILED, MESSAGE_LISTENER };

struct message {
	uint32_t kind;
	uint32_t index;
};

int message_send(int socket, enum message_kind kind, uint32_t index);
/* The child's, which may stand behind its seccomp filter: write(2), that a program needs too. Without a runtime SIGPIPE ends it. */
int message_tell(int socket, enum message_kind kind, uint32_t index);
/* 1 for a message, 0 at end of file, -1 with errno. */
int message_receive(int socket, struct message *message);

#endif
