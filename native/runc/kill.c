/* kill: a signal to the container's first process by pidfd, or to every process of its cgroups. */
#include <ctype.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "cgroup.h"
#include "syscalls.h"
#include "verbs.h"

/* @source man signal(7) */
static const struct {
	const char *name;
	int number;
} signals[] = {
	{ "HUP", SIGHUP },     { "INT", SIGINT },   { "QUIT", SIGQUIT },     { "ILL", SIGILL },       { "TRAP", SIGTRAP },
	{ "ABRT", SIGABRT },   { "BUS", SIGBUS },   { "FPE", SIGFPE },       { "KILL", SIGKILL },     { "USR1", SIGUSR1 },
	{ "SEGV", SIGSEGV },   { "USR2", SIGUSR2 }, { "PIPE", SIGPIPE },     { "ALRM", SIGALRM },     { "TERM", SIGTERM },
	{ "STKFLT", 16 },      { "CHLD", SIGCHLD }, { "CONT", SIGCONT },     { "STOP", SIGSTOP },     { "TSTP", SIGTSTP },
	{ "TTIN", SIGTTIN },   { "TTOU", SIGTTOU }, { "URG", SIGURG },       { "XCPU", SIGXCPU },     { "XFSZ", SIGXFSZ },
	{ "VTALRM", SIGVTALRM }, { "PROF", SIGPROF }, { "WINCH", SIGWINCH }, { "IO", SIGIO },         { "PWR", SIGPWR },
	{ "SYS", SIGSYS },
};

static int parse_signal(const char *text)
{
	char *end;
	long number = strtol(text, &end, 10);
	if (isdigit((unsigned char)text[0]))
		return *end == '\0' && number >= 0 && number <= 64 ? (int)number : -1;
	if (strncasecmp(text, "SIG", 3) == 0)
		text += 3;
	for (size_t i = 0; i < sizeof signals / sizeof *signals; i++)
		if (strcasecmp(signals[i].name, text) == 0)
			return signals[i].number;
	return -1;
}

static int kill_one(struct container *container, int sig, struct failure *failure)
{
	int pidfd = container_pidfd(container);
	if (pidfd < 0)
		return fail_plain(failure, "container not running");
	int result = sys_pidfd_send_signal(pidfd, sig);
	if (result < 0)
		fail_call(failure, "pidfd_send_signal(2)", "signalling container \"%s\"", container->id);
	close(pidfd);
	return result;
}

int verb_kill(struct call *call)
{
	struct container container;
	const char *text = call->options.rest_count > 0 ? call->options.rest[0] : "TERM";
	int sig = parse_signal(text);
	if (sig < 0)
		return fail_plain(&call->failure, "kill: unknown signal \"%s\"", text);
	int result = container_open(&container, call->options.root, call->options.id, &call->failure);
	if (result == 0 && call->options.all)
		result = cgroups_signal(&container.plan, sig, NULL);
	else if (result == 0)
		result = kill_one(&container, sig, &call->failure);
	container_close(&container);
	return result;
}
