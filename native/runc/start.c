/* start: one byte into the barrier's FIFO. The FIFO's removal is what makes `created` into `running`. */
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "executor.h"
#include "hold.h"
#include "hook.h"
#include "verbs.h"

static int release(struct container *container, struct call *call)
{
	struct failure *failure = &call->failure;
	if (hold_step(call, "release") < 0)
		return -1;
	int fifo = openat(container->dir, "start.fifo", O_WRONLY | O_NONBLOCK | O_CLOEXEC);
	if (fifo < 0) /* ENXIO: nobody stands behind the barrier any more */
		return fail_call(failure, "open(2)", "starting container \"%s\"", container->id);
	int result = write(fifo, "0", 1) == 1 ? 0 : fail_call(failure, "write(2)", "starting container \"%s\"", container->id);
	close(fifo);
	/* After the byte: were we killed between the two, a second start finds no reader and says so. Of two at once one wins here. */
	if (result == 0)
		result = hold_step(call, "record-start");
	if (result == 0 && unlinkat(container->dir, "start.fifo", 0) < 0)
		result = fail_plain(failure, "cannot start container \"%s\": it is running, must be created", container->id);
	return result;
}

int start_container(struct container *container, struct call *call)
{
	static char state_json[STATE_JSON_BYTES];
	enum status status = container_status(container);
	if (status != STATUS_CREATED)
		return fail_plain(&call->failure, "cannot start container \"%s\": it is %s, must be created", container->id,
		                  status_names[status]);
	if (release(container, call) < 0)
		return -1;
	event_state(&call->events, container->id, (struct change){ "start", "created", "running" });
	container_state_json(container, STATUS_RUNNING, state_json, sizeof state_json);
	/* The program runs already: it is stopped. Versions before 1.2.1 asked for a warning, which runc never gave. @source oci-runtime runtime#lifecycle */
	if (hooks_run_late(call, &container->plan, "poststart", state_json, &call->failure) == 0)
		return 0;
	struct failure ignored;
	container_kill(container, &ignored);
	return -1;
}

int verb_start(struct call *call)
{
	struct container container;
	int result = container_open(&container, call->options.root, call->options.id, &call->failure);
	if (result == 0)
		result = start_container(&container, call);
	container_close(&container);
	return result;
}
