/*
 * The barrier between `create` and `start`: the child reports ready, the runtime writes the state and lets it go, and the child
 * reads one byte from the state directory's FIFO. `start` writes that byte.
 * Until the runtime's GO its death kills the child (PR_SET_PDEATHSIG, then end of file); after it the container stands alone.
 */
#include <errno.h>
#include <unistd.h>

#include "executor.h"
#include "handover.h"
#include "program.h"

/* @source oci-runtime runtime#lifecycle */
int op_await_start(struct executor *executor, const struct operation *operation)
{
	(void)operation;
	struct message message;
	const struct operation *exec = plan_find(executor->plan, OP_EXEC, executor->current);
	if (exec && program_find(executor, exec) < 0)
		return -1;
	/* Before READY: afterwards the runtime's end is normal, and its message, not the signal, tells whether it finished. */
	if (outlive_runtime(executor) < 0)
		return -1;
	if (message_tell(executor->socket, MESSAGE_READY, executor->current) < 0 ||
	    message_receive(executor->socket, &message) != 1 || message.kind != MESSAGE_GO)
		_exit(1);
	close(executor->socket);
	executor->socket = -1;
	if (executor->fifo < 0)
		return 0;
	char byte;
	ssize_t got;
	do
		got = read(executor->fifo, &byte, 1);
	while (got < 0 && errno == EINTR);
	if (got != 1)
		return FAIL_CALL(executor, "read(2)", "waiting for start");
	close(executor->fifo);
	executor->fifo = -1;
	return 0;
}
