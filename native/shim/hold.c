#include "hold.h"

#include <errno.h>
#include <stdio.h>

#include "../common/control.h"
#include "../common/names.h"

bool hold_step(const struct step *step)
{
	char id[300];
	bool is_exec = step->process && step->process->exec_id && step->process->exec_id[0];
	snprintf(id, sizeof id, "%s%s%s", shim.id, is_exec ? "/" : "", is_exec ? step->process->exec_id : "");
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
