/* state: what the container is now. */
#include <stdio.h>

#include "executor.h"
#include "verbs.h"

int verb_state(struct call *call)
{
	static char text[STATE_JSON_BYTES];
	struct container container;
	int result = container_open(&container, call->options.root, call->options.id, &call->failure);
	if (result == 0) {
		container_state_json(&container, container_status(&container), text, sizeof text);
		result = puts(text) < 0 || fflush(stdout) != 0 ? fail_call(&call->failure, "write(2)", "printing the state") : 0;
	}
	container_close(&container);
	return result;
}
