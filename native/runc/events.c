#include "events.h"

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define BODY_BYTES 12288

void events_open(struct events *events)
{
	trace_open(&events->trace, "runc", getenv("TRACEPARENT"));
}

void event_request(const struct events *events, const char *method, char **argv)
{
	char text[BODY_BYTES];
	struct json json;
	if (events->trace.fd < 0)
		return;
	json_begin(&json, text, sizeof text);
	json_object(&json, NULL);
	json_string(&json, "door", "exec");
	json_string(&json, "peer", "shim");
	json_string(&json, "method", method);
	json_object(&json, "body");
	json_array(&json, "argv");
	for (char **item = argv; *item; item++)
		json_string(&json, NULL, *item);
	json_end_array(&json);
	json_end_object(&json);
	json_end_object(&json);
	trace_emit(&events->trace, "runc.request-received", NULL, NULL, NULL, &json);
}

void event_response(const struct events *events, const char *method, int status, const char *error)
{
	char text[BODY_BYTES];
	struct json json;
	if (events->trace.fd < 0)
		return;
	json_begin(&json, text, sizeof text);
	json_object(&json, NULL);
	json_string(&json, "door", "exec");
	json_string(&json, "peer", "shim");
	json_string(&json, "method", method);
	json_number(&json, "status", status);
	if (error && error[0] != '\0')
		json_string(&json, "error", error);
	json_end_object(&json);
	trace_emit(&events->trace, "runc.response-sent", NULL, NULL, NULL, &json);
}

void event_state(const struct events *events, const char *id, const char *from, const char *to)
{
	char text[BODY_BYTES];
	struct json json;
	if (events->trace.fd < 0)
		return;
	json_begin(&json, text, sizeof text);
	json_object(&json, NULL);
	json_string(&json, "id", id);
	json_string(&json, "from", from);
	json_string(&json, "to", to);
	json_end_object(&json);
	trace_emit(&events->trace, "runc.state-changed", NULL, NULL, NULL, &json);
}

/* The parts folder of this trace and the name of one of its files. */
static int part_path(const struct events *events, const char *name, char path[PATH_MAX])
{
	if (!trace_path(&events->trace, "", path, PATH_MAX))
		return -1;
	char *slash = strrchr(path, '/');
	if (!slash || (size_t)(slash - path) + strlen(name) + 2 > PATH_MAX)
		return -1;
	strcpy(slash + 1, name);
	return 0;
}

void events_plan_begin(const struct events *events, const struct plan *plan, struct records *records)
{
	char path[PATH_MAX], name[96];
	*records = (struct records){ 0 };
	snprintf(name, sizeof name, "%s.plan", plan->sha256);
	if (part_path(events, name, path) < 0)
		return;
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0660);
	if (fd >= 0) { /* otherwise an earlier command of this trace has put it there */
		ssize_t written = write(fd, plan->data, plan->size);
		close(fd);
		if (written != (ssize_t)plan->size)
			unlink(path);
	}
	snprintf(name, sizeof name, "runc-%d.records", (int)getpid());
	if (part_path(events, name, path) == 0)
		records_open(records, path, plan->count);
}

void event_plan_executed(const struct events *events, const struct plan *plan, const char *id, pid_t runtime, pid_t init)
{
	char text[BODY_BYTES], name[96];
	struct json json;
	if (events->trace.fd < 0)
		return;
	json_begin(&json, text, sizeof text);
	json_object(&json, NULL);
	json_string(&json, "id", id);
	json_string(&json, "planSha256", plan->sha256);
	snprintf(name, sizeof name, "%s.plan", plan->sha256);
	json_string(&json, "planFile", name);
	snprintf(name, sizeof name, "runc-%d.records", (int)runtime);
	json_string(&json, "recordsFile", name);
	json_number(&json, "operations", plan->count);
	json_number(&json, "runtimePid", runtime);
	json_number(&json, "initPid", init);
	json_end_object(&json);
	trace_emit(&events->trace, "runc.plan-executed", NULL, NULL, NULL, &json);
}

void event_cgroup_removed(const struct events *events, const char *path)
{
	char text[BODY_BYTES], twin[PATH_MAX + 16];
	struct json json;
	if (events->trace.fd < 0)
		return;
	json_begin(&json, text, sizeof text);
	json_object(&json, NULL);
	json_string(&json, "path", path);
	json_end_object(&json);
	snprintf(twin, sizeof twin, "rmdir %s", path);
	trace_emit(&events->trace, "kernel.cgroup-removed", NULL, "config:/linux/cgroupsPath", twin, &json);
}
