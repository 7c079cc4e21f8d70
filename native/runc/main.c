/*
 * tlab-runc: an OCI runtime. A bundle's config.json is compiled to a plan by the TypeScript part; this program executes plans and
 * does the verbs that must be fast. It decides nothing that the plan could say, and hands every other verb to Node.js.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "../common/json.h"
#include "hold.h"
#include "node.h"
#include "sealed.h"
#include "verbs.h"

#define TLAB_VERSION "0.1.0"

static const struct {
	const char *name;
	int (*run)(struct call *call);
	bool enters; /* puts a process into a container: runs from a sealed copy */
} verbs[] = {
	{ "create", verb_create, true }, { "start", verb_start, false },   { "run", verb_run, true },
	{ "state", verb_state, false },  { "kill", verb_kill, false },     { "delete", verb_delete, false },
	{ "exec", verb_exec, true },     { "pause", verb_pause, false },   { "resume", verb_resume, false },
};

/* False when the log cannot be written: the reason is then on standard error, and the failure must go there too. */
static bool log_failure(const struct options *options, const char *text)
{
	char line[8192], when[64], quoted[6144];
	time_t now = time(NULL);
	struct tm fields;
	struct json json;
	gmtime_r(&now, &fields);
	strftime(when, sizeof when, "%Y-%m-%dT%H:%M:%SZ", &fields);
	json_begin(&json, line, sizeof line - 1);
	json_object(&json, NULL);
	json_string(&json, "level", "error");
	json_string(&json, "msg", text);
	json_string(&json, "time", when);
	json_end_object(&json);
	size_t length = json.length;
	if (!options->log_json) {
		json_begin(&json, quoted, sizeof quoted);
		json_string(&json, NULL, text);
		length = (size_t)snprintf(line, sizeof line - 1, "time=\"%s\" level=error msg=%s", when, quoted);
	}
	if (length > sizeof line - 2)
		length = sizeof line - 2;
	line[length] = '\n';
	int fd = open(options->log, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0644);
	bool written = fd >= 0 && write(fd, line, length + 1) == (ssize_t)length + 1;
	if (!written)
		fprintf(stderr, "tlab-runc: writing the log \"%s\": %s\n", options->log, strerror(errno));
	if (fd >= 0)
		close(fd);
	return written;
}

/* Everything that a person or an engine may see of a failure; once: standard error may be the container's. */
static int say_failure(const struct call *call)
{
	if (call->failure.text[0] == '\0')
		return 1; /* said already, by the compiler */
	if (call->options.log && log_failure(&call->options, call->failure.text))
		return 1;
	fprintf(stderr, "tlab-runc: %s\n", call->failure.text);
	return 1;
}

static int run_verb(struct call *call, size_t place, char **argv)
{
	if (verbs[place].enters && run_sealed(argv, &call->failure) < 0)
		return say_failure(call);
	control_open("runc", 3 + (int)call->options.preserve_fds);
	events_open(&call->events);
	event_request(&call->events, call->options.verb, argv);
	call->argv = argv;
	int status = verbs[place].run(call);
	if (status < 0) {
		/* Words that engines know from runc. */
		if (strncmp(call->failure.text, "exec: ", 6) == 0)
			failure_prefix(&call->failure, "unable to start container process: ");
		say_failure(call);
		status = verbs[place].run == verb_exec ? 255 : 1; /* an exec's own statuses are its program's */
		event_response(&call->events, call->options.verb, status, call->failure.text);
	} else {
		event_response(&call->events, call->options.verb, status, NULL);
	}
	trace_close(&call->events.trace);
	return status;
}

int main(int argc, char **argv)
{
	static struct call call = { .events = { .trace = { .fd = -1 } } };
	const struct options *options = &call.options;
	if (options_parse(&call.options, argc, argv, &call.failure) < 0)
		return say_failure(&call);
	if (options->version) {
		printf("tlab-runc version %s\nspec: 1.2.1\n", TLAB_VERSION);
		return 0;
	}
	bool native = options->verb && !options->help && is_native_verb(options->verb);
	for (size_t i = 0; native && i < sizeof verbs / sizeof *verbs; i++)
		if (strcmp(verbs[i].name, options->verb) == 0)
			return run_verb(&call, i, argv);
	node_take_over(argv, &call.failure);
	return say_failure(&call);
}
