/* pause and resume: the freezer of the container's cgroups. */
#include "cgroup.h"
#include "hold.h"
#include "verbs.h"

static int set_frozen(struct call *call, bool frozen)
{
	struct container container;
	int result = container_open(&container, call->options.root, call->options.id, &call->failure);
	enum status status = result < 0 ? STATUS_STOPPED : container_status(&container);
	if (result == 0 && frozen && status != STATUS_RUNNING && status != STATUS_CREATED)
		result = fail_plain(&call->failure, "cannot pause container \"%s\": it is %s, must be running", container.id,
		                    status_names[status]);
	else if (result == 0 && !frozen && status != STATUS_PAUSED)
		result = fail_plain(&call->failure, "cannot resume container \"%s\": it is %s, must be paused", container.id,
		                    status_names[status]);
	else if (result == 0 && (result = hold_step(call, frozen ? "freeze" : "thaw")) == 0)
		result = cgroups_freeze(&container.plan, frozen, &call->failure);
	if (result == 0)
		event_state(&call->events, container.id,
		            (struct change){ frozen ? "pause" : "resume", status_names[status],
		                             status_names[container_status(&container)] });
	container_close(&container);
	return result;
}

int verb_pause(struct call *call)
{
	return set_frozen(call, true);
}

int verb_resume(struct call *call)
{
	return set_frozen(call, false);
}
