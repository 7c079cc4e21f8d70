#include "names.h"

#include <ctype.h>
#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define E(name) [name] = #name
static const char *const errno_names[] = {
	E(EPERM), E(ENOENT), E(ESRCH), E(EINTR), E(EIO), E(ENXIO), E(E2BIG), E(ENOEXEC), E(EBADF), E(ECHILD), E(EAGAIN),
	E(ENOMEM), E(EACCES), E(EFAULT), E(ENOTBLK), E(EBUSY), E(EEXIST), E(EXDEV), E(ENODEV), E(ENOTDIR), E(EISDIR),
	E(EINVAL), E(ENFILE), E(EMFILE), E(ENOTTY), E(ETXTBSY), E(EFBIG), E(ENOSPC), E(ESPIPE), E(EROFS), E(EMLINK),
	E(EPIPE), E(EDOM), E(ERANGE), E(ENAMETOOLONG), E(ENOSYS), E(ENOTEMPTY), E(ELOOP), E(EOVERFLOW), E(ENOTSOCK),
	E(EOPNOTSUPP), E(EADDRINUSE), E(ENETDOWN), E(ECONNRESET), E(ETIMEDOUT), E(ECONNREFUSED), E(ESTALE), E(EUSERS),
	E(EDQUOT), E(ECANCELED), E(ENOKEY), E(ELIBBAD), E(EPROTO),
};

/* @source man signal(7) */
static const char *const signal_names[] = {
	E(SIGHUP), E(SIGINT), E(SIGQUIT), E(SIGILL), E(SIGTRAP), E(SIGABRT), E(SIGBUS), E(SIGFPE), E(SIGKILL), E(SIGUSR1),
	E(SIGSEGV), E(SIGUSR2), E(SIGPIPE), E(SIGALRM), E(SIGTERM), E(SIGSTKFLT), E(SIGCHLD), E(SIGCONT), E(SIGSTOP),
	E(SIGTSTP), E(SIGTTIN), E(SIGTTOU), E(SIGURG), E(SIGXCPU), E(SIGXFSZ), E(SIGVTALRM), E(SIGPROF), E(SIGWINCH),
	E(SIGIO), E(SIGPWR), E(SIGSYS),
};
#undef E

enum { errno_count = sizeof errno_names / sizeof *errno_names, signal_count = sizeof signal_names / sizeof *signal_names };

const char *errno_name(int number)
{
	return number > 0 && number < errno_count && errno_names[number] ? errno_names[number] : "errno";
}

int errno_number(const char *text)
{
	char *end;
	if (isdigit((unsigned char)text[0])) {
		long number = strtol(text, &end, 10);
		return *end == '\0' && number > 0 && number < 4096 ? (int)number : -1;
	}
	for (int i = 1; i < errno_count; i++)
		if (errno_names[i] && strcmp(errno_names[i], text) == 0)
			return i;
	return -1;
}

const char *signal_name(int number)
{
	return number > 0 && number < signal_count ? signal_names[number] : NULL;
}

/*
 * RTMIN, RTMIN+n, RTMAX, RTMAX-n, without SIG; -1 for anything else. RTMIN is 34, as engines count it: what the kernel calls 32 and 33 a C
 * library keeps for itself, and this one says 35. @source moby/sys signal SignalMap
 */
static int real_time_number(const char *text)
{
	enum { first = 34, last = 64 };
	bool from_first = strncasecmp(text, "RTMIN", 5) == 0;
	const char *rest = text + 5;
	char *end;
	if (!from_first && strncasecmp(text, "RTMAX", 5) != 0)
		return -1;
	if (*rest == '\0')
		return from_first ? first : last;
	if (*rest != (from_first ? '+' : '-') || !isdigit((unsigned char)rest[1]))
		return -1;
	long distance = strtol(rest + 1, &end, 10);
	if (*end != '\0' || distance > last - first)
		return -1;
	return from_first ? first + (int)distance : last - (int)distance;
}

int signal_number(const char *text)
{
	char *end;
	if (isdigit((unsigned char)text[0])) {
		long number = strtol(text, &end, 10);
		return *end == '\0' && number <= 64 ? (int)number : -1;
	}
	for (int i = 1; i < signal_count; i++)
		if (signal_names[i] && (strcasecmp(signal_names[i], text) == 0 || strcasecmp(signal_names[i] + 3, text) == 0))
			return i;
	return real_time_number(strncasecmp(text, "SIG", 3) == 0 ? text + 3 : text);
}
