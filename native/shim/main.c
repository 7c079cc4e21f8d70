/*
 * containerd-shim-tlab-v2: one small process a container (or a group of them), between containerd and the OCI runtime.
 *   … start     starts a shim for the bundle in the working directory and prints its address
 *   … delete    clears away what a lost shim left
 *   … (none)    the shim itself, with its listening socket as descriptor 3
 * Every action derives the same socket path from containerd's address, the namespace and the group that the bundle's
 * config.json names (the id, when it names none), so that all of a group meet at one shim.
 * @source containerd runtime/v2/README.md
 */
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../common/control.h"
#include "shim.h"
#include "spec.h"
#include "tracing.h"

enum { LISTEN_FD = 3 };

static const char version[] = "0.1.0";

struct shim shim;

static struct {
	const char *bundle;
	const char *action;
	bool version, info;
} options;

/* FNV-1a. The ids are containerd's own, so the hash need not withstand an attacker: a collision is "address in use". */
static uint64_t hash(uint64_t state, const char *text)
{
	for (; *text; text++)
		state = (state ^ (unsigned char)*text) * 0x100000001b3ULL;
	return (state ^ 0xff) * 0x100000001b3ULL;
}

static bool place_socket(void)
{
	static char socket[108], group[1024];
	const char *root = getenv("TLAB_RUN_ROOT");
	shim.run_root = root && root[0] == '/' ? root : "/run/tlab";
	shim.is_grouped = spec_group(group, sizeof group);
	shim.group = shim.is_grouped ? group : shim.id;
	uint64_t name = hash(hash(hash(0xcbf29ce484222325ULL, shim.address), shim.namespace), shim.group);
	int n = snprintf(shim.sockets, sizeof shim.sockets, "%s/s", shim.run_root);
	if (n < 0 || (size_t)n >= sizeof shim.sockets)
		return false;
	if (shim.socket)
		return true; /* the start action has told us */
	n = snprintf(socket, sizeof socket, "%s/%016llx", shim.sockets, (unsigned long long)name);
	shim.socket = socket;
	return n > 0 && (size_t)n < sizeof socket;
}

/* Go's flag package takes -name value, -name=value and two dashes alike. */
static const char *flag_value(const char *name, char **argv, int *i)
{
	const char *given = argv[*i] + 1;
	if (*given == '-')
		given++;
	size_t length = strlen(name);
	if (strncmp(given, name, length) != 0 || (given[length] && given[length] != '='))
		return NULL;
	if (given[length] == '=')
		return given + length + 1;
	if (!argv[*i + 1])
		return NULL;
	(*i)++;
	return argv[*i];
}

static bool parse_flag(char **argv, int *i)
{
	static const char *unused;
	static const struct {
		const char *name;
		const char **value;
	} flags[] = {
		{ "namespace", &shim.namespace }, { "id", &shim.id },  { "address", &shim.address }, { "bundle", &options.bundle },
		{ "publish-binary", &unused },    { "socket", &shim.socket },
	};
	const char *bare = argv[*i] + (argv[*i][1] == '-' ? 2 : 1);
	if (strcmp(bare, "debug") == 0)
		return true;
	if (strcmp(bare, "info") == 0)
		return options.info = true;
	if (strcmp(bare, "v") == 0 || strcmp(bare, "version") == 0)
		return options.version = true;
	for (size_t f = 0; f < sizeof flags / sizeof *flags; f++) {
		const char *value = flag_value(flags[f].name, argv, i);
		if (!value)
			continue;
		*flags[f].value = value;
		return true;
	}
	return false;
}

static const char *parse(char **argv)
{
	shim.address = "";
	for (int i = 1; argv[i]; i++) {
		if (argv[i][0] != '-')
			options.action = argv[i];
		else if (!parse_flag(argv, &i))
			return "unknown flag, or one without its value";
	}
	if (options.version || options.info)
		return NULL;
	if (!shim.namespace || !is_identifier(shim.namespace))
		return "-namespace: expected an identifier";
	if (!shim.id || !is_identifier(shim.id))
		return "-id: expected an identifier";
	if (options.bundle && chdir(options.bundle) < 0)
		return "-bundle: no such folder";
	if (!place_socket())
		return "TLAB_RUN_ROOT: too long for the path of a socket";
	return NULL;
}

static int run_action(void)
{
	struct trace trace;
	bool starts = strcmp(options.action, "start") == 0;
	if (!starts && strcmp(options.action, "delete") != 0) {
		fprintf(stderr, "containerd-shim-tlab-v2: unknown action \"%s\": expected start or delete\n", options.action);
		return 1;
	}
	control_open("shim", LISTEN_FD + 1);
	trace_open(&trace, "shim", getenv("TRACEPARENT"));
	trace_action_received(&trace, options.action);
	int status = starts ? action_start(&trace) : action_delete(&trace);
	trace_action_done(&trace, options.action, status);
	trace_close(&trace);
	return status;
}

/* What containerd 2 asks before it has a container. @source containerd api/types/introspection.proto RuntimeInfo */
static int print_info(void)
{
	struct writer info = { 0 }, own = { 0 };
	put_string(&own, 1, version);
	put_string(&info, 1, "io.containerd.tlab.v2");
	put_message(&info, 2, &own);
	bool written = !info.failed && !own.failed && fwrite(info.at, info.length, 1, stdout) == 1 && fflush(stdout) == 0;
	writer_free(&own);
	writer_free(&info);
	return written ? 0 : 1;
}

int main(int argc, char **argv)
{
	(void)argc;
	const char *error = parse(argv);
	if (error) {
		fprintf(stderr, "containerd-shim-tlab-v2: %s\n", error);
		return 1;
	}
	if (options.version) {
		printf("%s:\n  Version:  %s\n", argv[0], version);
		return 0;
	}
	if (options.info)
		return print_info();
	return options.action ? run_action() : action_serve(LISTEN_FD);
}
