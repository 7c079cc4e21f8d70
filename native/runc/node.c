#include "node.h"

#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "sealed.h"

/* Upwards from the program's directory: own tree first, then where a package manager hoisted it. */
static const char *find_node(const char *program, char path[PATH_MAX])
{
	const char *given = getenv("TLAB_NODE");
	struct utsname machine;
	char directory[PATH_MAX];
	if (given && given[0] == '/')
		return given;
	snprintf(directory, sizeof directory, "%s", program);
	uname(&machine);
	const char *cpu = strcmp(machine.machine, "aarch64") == 0 ? "arm64" : "x64";
	for (char *slash = strrchr(directory, '/'); slash; slash = strrchr(directory, '/')) {
		*slash = '\0';
		int n = snprintf(path, PATH_MAX, "%s/node_modules/node-linux-%s/bin/node", directory, cpu);
		if (n > 0 && n < PATH_MAX && access(path, X_OK) == 0)
			return path;
	}
	return NULL;
}

/* <dist>/bin/tlab-runc → <dist>/tlab-runc.cjs */
static int find_script(const char *program, char path[PATH_MAX])
{
	snprintf(path, PATH_MAX, "%s", program);
	for (int up = 0; up < 2; up++) {
		char *slash = strrchr(path, '/');
		if (!slash)
			return -1;
		*slash = '\0';
	}
	if (strlen(path) + sizeof "/tlab-runc.cjs" > PATH_MAX)
		return -1;
	strcat(path, "/tlab-runc.cjs");
	return access(path, R_OK);
}

static int locate(char node[PATH_MAX], char script[PATH_MAX], const char **found, struct failure *failure)
{
	char program[PATH_MAX];
	if (own_path(program) < 0)
		return fail_call(failure, "readlink(2)", "finding tlab-runc itself");
	*found = find_node(program, node);
	if (!*found)
		return fail_plain(failure, "no Node.js beside \"%s\": set TLAB_NODE or run npm install", program);
	if (find_script(program, script) < 0)
		return fail_call(failure, "access(2)", "finding \"%s\"", script);
	return 0;
}

int node_take_over(char **argv, struct failure *failure)
{
	char node[PATH_MAX], script[PATH_MAX];
	const char *found;
	int count = 0;
	if (locate(node, script, &found, failure) < 0)
		return -1;
	while (argv[count])
		count++;
	char **arguments = calloc((size_t)count + 2, sizeof *arguments);
	if (!arguments)
		return fail_call(failure, "calloc", "starting Node.js");
	arguments[0] = (char *)(uintptr_t)found;
	arguments[1] = script;
	for (int i = 1; i < count; i++)
		arguments[i + 1] = argv[i];
	execv(found, arguments);
	return fail_call(failure, "execve(2)", "starting \"%s\"", found);
}

/* argv with two words behind the verb. */
_Noreturn void node_document(char **argv, int verb_at, const char *output)
{
	struct failure failure = { .text = "no memory" };
	int count = 0, used = 0;
	while (argv[count])
		count++;
	char **words = calloc((size_t)count + 3, sizeof *words);
	for (int i = 0; words && i < count; i++) {
		words[used++] = argv[i];
		if (i != verb_at)
			continue;
		words[used++] = "--document-to";
		words[used++] = (char *)(uintptr_t)output;
	}
	if (words)
		node_take_over(words, &failure);
	fprintf(stderr, "tlab-runc: making the process document: %s\n", failure.text);
	_exit(1);
}

_Noreturn void node_compile(const struct compilation *compilation, const struct options *options)
{
	char node[PATH_MAX], script[PATH_MAX];
	struct failure failure;
	const char *found;
	const char *arguments[24];
	int count = 0;
	if (locate(node, script, &found, &failure) == 0) {
		arguments[count++] = found;
		arguments[count++] = script;
		if (options->log) {
			arguments[count++] = "--log";
			arguments[count++] = options->log;
			arguments[count++] = "--log-format";
			arguments[count++] = options->log_json ? "json" : "text";
		}
		arguments[count++] = "--rootless";
		arguments[count++] = options->rootless ? "true" : "false";
		if (options->systemd_cgroup)
			arguments[count++] = "--systemd-cgroup";
		arguments[count++] = "compile";
		arguments[count++] = "--bundle";
		arguments[count++] = compilation->bundle;
		arguments[count++] = "--id";
		arguments[count++] = options->id;
		arguments[count++] = "--output";
		arguments[count++] = compilation->output;
		if (compilation->document) {
			arguments[count++] = "--process";
			arguments[count++] = compilation->document;
		}
		arguments[count] = NULL;
		execv(found, (char **)(uintptr_t)arguments);
		fail_call(&failure, "execve(2)", "starting \"%s\"", found);
	}
	fprintf(stderr, "tlab-runc: compiling \"%s\": %s\n", compilation->bundle, failure.text);
	_exit(1);
}
