#include "hold.h"

#include <errno.h>
#include <stdio.h>

#include "../common/control.h"
#include "../common/names.h"

/* `<container>` or `<container>/<exec>`: of the step's process, its request, or the action that this program was started for. */
static void name_object(const struct step *step, char name[300])
{
	const struct process *process = step->process;
	struct bytes asked = step->request ? request_id(step->request) : (struct bytes){ 0 };
	if (process && process->exec_id && process->exec_id[0])
		snprintf(name, 300, "%s/%s", process->container->id, process->exec_id);
	else if (process)
		snprintf(name, 300, "%s", process->container->id);
	else if (asked.length > 0)
		snprintf(name, 300, "%.*s", asked.length < 128 ? (int)asked.length : 128, (const char *)asked.at);
	else
		snprintf(name, 300, "%s", shim.id);
}

bool hold_step(const struct step *step)
{
	char id[300];
	name_object(step, id);
	const struct question question = {
		.verb = step->request ? step->request->verb->name : step->verb,
		.id = id,
		.index = CONTROL_NO_INDEX,
		.name = step->name,
		.actor = "shim",
		.cause = step->about,
	};
	int number = control_ask(&question);
	if (number != 0)
		errno = number;
	return number == 0;
}

bool hold_or_say(const struct step *step, char *error, size_t size)
{
	if (hold_step(step))
		return true;
	snprintf(error, size, "step \"%s\": injected: %s", step->name, errno_name(errno));
	return false;
}
