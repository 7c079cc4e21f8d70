/* The command line, as runc has it: global options, verb, verb's options, container id, arguments. */
#ifndef TLAB_OPTIONS_H
#define TLAB_OPTIONS_H
#include <stdbool.h>

#include "failure.h"

#define MAX_WORDS 32
/* Of an option that may be given several times. */
struct words {
	const char *items[MAX_WORDS];
	unsigned count;
};

struct options {
	/* global */
	const char *root, *log;
	const char *rootless_word; /* auto, true, false; NULL: not given */
	bool log_json, debug, systemd_cgroup, version, help;
	bool rootless; /* no privileges over the host's ids and cgroups: what options_parse made of the word */
	/* verbs */
	const char *verb, *bundle, *pid_file, *console_socket, *pidfd_socket, *process;
	int verb_at; /* its place in argv */
	bool detach, force, all, no_pivot, no_new_keyring, ignore_paused, keep;
	struct words cgroups; /* exec: [CONTROLLER[,CONTROLLER…]:]PATH */
	unsigned preserve_fds;
	const char *id;
	const char *signal; /* kill's; NULL: not given */
	bool has_command; /* words follow exec's id */
};

/*
 * -1 with a failure for an option that the verb does not have, or a word too many. Options may follow the id, but exec's: there a command
 * begins. Verbs that are not native stop at the verb, and everything stops at --help.
 */
int options_parse(struct options *options, int argc, char **argv, struct failure *failure);
bool is_native_verb(const char *verb);

#endif
