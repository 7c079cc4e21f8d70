#include "hold.h"

#include <errno.h>

/* Said as if a system call of this name had refused. */
static int refuse(struct failure *failure, int number, const char *what, const char *name)
{
	errno = number;
	return fail_call(failure, "injected", "%s \"%s\"", what, name);
}

static int ask_operation(const char *verb, const char *id, uint32_t index, const struct operation *operation)
{
	return control_ask(&(struct question){
		.verb = verb,
		.id = id,
		.index = (long)index,
		.name = operation->name,
		.actor = operation->actor == ACTOR_INIT ? "init" : "runtime",
		.cause = operation->cause,
	});
}

int hold_operation(struct executor *executor, uint32_t index)
{
	const struct operation *operation = &executor->plan->operations[index];
	int number = ask_operation(executor->verb, executor->id, index, operation);
	return number == 0 ? 0 : refuse(executor->failure, number, "operation", operation->name);
}

int hold_hook(const struct call *call, uint32_t index, const struct operation *hook, struct failure *failure)
{
	int number = ask_operation(call->options.verb, call->options.id, index, hook);
	return number == 0 ? 0 : refuse(failure, number, "operation", hook->name);
}

int hold_step(struct call *call, const char *name)
{
	const struct options *options = &call->options;
	int number = control_ask(&(struct question){ options->verb, options->id, CONTROL_NO_INDEX, name, "runtime", NULL });
	return number == 0 ? 0 : refuse(&call->failure, number, "step", name);
}
