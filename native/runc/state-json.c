#include "state-json.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "../common/json.h"

static void created_text(const struct saved *saved, char text[64])
{
	time_t seconds = (time_t)saved->created_s;
	struct tm fields;
	char date[32];
	gmtime_r(&seconds, &fields);
	strftime(date, sizeof date, "%Y-%m-%dT%H:%M:%S", &fields);
	snprintf(text, 64, "%s.%09uZ", date, saved->created_ns);
}

/*
 * The specification's fields, and after them those that runc's `state` prints too.
 * @source oci-runtime runtime#state
 */
void container_state_json(const struct container *container, enum status status, char *text, size_t size)
{
	struct json json;
	char created[64];
	json_begin(&json, text, size);
	json_object(&json, NULL);
	json_string(&json, "ociVersion", container->plan.facts[FACT_OCI_VERSION].string);
	json_string(&json, "id", container->id);
	json_number(&json, "pid", status == STATUS_STOPPED ? 0 : container->saved.pid);
	json_string(&json, "status", status_names[status]);
	json_string(&json, "bundle", container->saved.bundle);
	json_string(&json, "rootfs", container->saved.rootfs);
	if (container->saved.created_s) {
		created_text(&container->saved, created);
		json_string(&json, "created", created);
	}
	if (strcmp(container->plan.facts[FACT_ANNOTATIONS].string, "{}") != 0)
		json_raw(&json, "annotations", container->plan.facts[FACT_ANNOTATIONS].string);
	json_string(&json, "owner", "");
	json_end_object(&json);
}

void state_file_json(const struct container *container, char *text, size_t size)
{
	struct json json;
	char created[64];
	created_text(&container->saved, created);
	json_begin(&json, text, size);
	json_object(&json, NULL);
	json_string(&json, "ociVersion", container->plan.facts[FACT_OCI_VERSION].string);
	json_string(&json, "id", container->id);
	json_number(&json, "init_process_pid", container->saved.pid);
	json_number(&json, "init_process_start", (long long)container->saved.start_time);
	json_string(&json, "created", created);
	json_string(&json, "bundle", container->saved.bundle);
	json_string(&json, "rootfs", container->saved.rootfs);
	json_number(&json, "uid", container->saved.uid);
	json_string(&json, "planSha256", container->plan.sha256);
	json_raw(&json, "annotations", container->plan.facts[FACT_ANNOTATIONS].string);
	json_end_object(&json);
}
