#include "failure.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static const char *program = "tlab";
static const char *entry;

void failure_program(const char *name)
{
	program = name;
}

void failure_entry(const char *path)
{
	entry = path;
}

/* A name out of an archive may hold anything: control bytes must not reach a terminal. */
static size_t put_escaped(char *out, size_t size, const char *text)
{
	size_t n = 0;
	for (; *text && n + 5 < size; text++) {
		unsigned char c = (unsigned char)*text;
		if (c < 0x20 || c == 0x7f || c == '"' || c == '\\')
			n += (size_t)snprintf(out + n, size - n, "\\x%02x", c);
		else
			out[n++] = (char)c;
	}
	return n;
}

enum { status_layer = 1, status_full = 3, status_missing = 4 };

_Noreturn static void end(int status, char *message)
{
	char line[8192];
	size_t n = (size_t)snprintf(line, sizeof line, "%s: ", program);
	if (entry) {
		n += (size_t)snprintf(line + n, sizeof line - n, "entry \"");
		n += put_escaped(line + n, 4200, entry);
		n += (size_t)snprintf(line + n, sizeof line - n, "\": ");
	}
	for (char *c = message; *c; c++)
		if ((unsigned char)*c < 0x20)
			*c = ' ';
	n += (size_t)snprintf(line + n, sizeof line - n, "%s\n", message);
	(void)!write(STDERR_FILENO, line, n);
	_exit(status);
}

void fail(const char *format, ...)
{
	char message[2048];
	va_list arguments;
	va_start(arguments, format);
	vsnprintf(message, sizeof message, format, arguments);
	va_end(arguments);
	end(status_layer, message);
}

void fail_call(const char *call)
{
	int error = errno;
	const char *name = strerrorname_np(error);
	char message[512];
	snprintf(message, sizeof message, "%s: %s %s", call, name ? name : "errno", strerror(error));
	end(error == ENOSPC || error == EDQUOT ? status_full : status_layer, message);
}

void fail_missing(void)
{
	char message[] = "no such file or directory";
	end(status_missing, message);
}
