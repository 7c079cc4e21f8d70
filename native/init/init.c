/*
 * tlab-init: process 1 of a container run with --init. It starts the program, hands every signal on to it, reaps
 * whatever is left to it, and exits as the program did (128 + signal when a signal ended it).
 * Rule: everything that process 1 may get is blocked before the child exists, so no signal is lost in between.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

/* As a shell says it. @source posix Shell Command Language, exit status for commands */
enum { NOT_EXECUTABLE = 126, NOT_FOUND = 127 };

/* Signals that a fault of our own raises are not to be blocked: it would hang instead of dying. */
static void block_signals(sigset_t *blocked, sigset_t *before)
{
	static const int faults[] = { SIGFPE, SIGILL, SIGSEGV, SIGBUS, SIGABRT, SIGTRAP, SIGSYS, SIGTTIN, SIGTTOU };
	sigfillset(blocked);
	for (size_t i = 0; i < sizeof faults / sizeof *faults; i++)
		sigdelset(blocked, faults[i]);
	sigprocmask(SIG_SETMASK, blocked, before);
}

/* A process group of its own, in the foreground: the terminal's ^C then goes to the program, and once only. */
static void take_foreground(void)
{
	if (setpgid(0, 0) < 0)
		return;
	int terminal = open("/dev/tty", O_RDWR | O_CLOEXEC);
	if (terminal < 0)
		return;
	tcsetpgrp(terminal, getpgrp());
	close(terminal);
}

static _Noreturn void run_program(char **argv, const sigset_t *mask)
{
	take_foreground(); /* while SIGTTOU is still ignored: a background group may not do this otherwise */
	signal(SIGTTIN, SIG_DFL);
	signal(SIGTTOU, SIG_DFL);
	sigprocmask(SIG_SETMASK, mask, NULL);
	execvp(argv[0], argv);
	int error = errno;
	fprintf(stderr, "tlab-init: %s: %s\n", argv[0], strerror(error));
	_exit(error == ENOENT || error == ENOTDIR ? NOT_FOUND : NOT_EXECUTABLE);
}

/* Takes every zombie; true once the program is among them. */
static bool reap(pid_t program, int *status)
{
	bool ended = false;
	int wait_status;
	pid_t pid;
	while ((pid = waitpid(-1, &wait_status, WNOHANG)) > 0) {
		if (pid != program)
			continue;
		*status = WIFSIGNALED(wait_status) ? 128 + WTERMSIG(wait_status) : WEXITSTATUS(wait_status);
		ended = true;
	}
	return ended;
}

static int serve(pid_t program, const sigset_t *blocked)
{
	int status = 0;
	for (;;) {
		siginfo_t info;
		int number = sigwaitinfo(blocked, &info);
		if (number < 0)
			continue;
		if (number == SIGCHLD) {
			if (reap(program, &status))
				return status;
		} else {
			kill(program, number); /* ESRCH: it has just ended, SIGCHLD follows */
		}
	}
}

int main(int argc, char **argv)
{
	sigset_t blocked, before;
	int first = argc > 1 && strcmp(argv[1], "--") == 0 ? 2 : 1;
	if (argc <= first) {
		fprintf(stderr, "usage: tlab-init [--] program [argument ...]\n");
		return 1;
	}
	if (getpid() != 1)
		prctl(PR_SET_CHILD_SUBREAPER, 1);
	block_signals(&blocked, &before);
	signal(SIGTTIN, SIG_IGN);
	signal(SIGTTOU, SIG_IGN);
	pid_t program = fork();
	if (program < 0) {
		perror("tlab-init: fork");
		return 1;
	}
	if (program == 0)
		run_program(argv + first, &before);
	return serve(program, &blocked);
}
