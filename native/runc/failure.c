#include "failure.h"

#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "../common/names.h"

static void append_errno(struct failure *failure, const char *call)
{
	size_t used = strlen(failure->text);
	char words[128];
	snprintf(words, sizeof words, "%s", strerror(failure->number));
	if (islower((unsigned char)words[1])) /* "I/O error" stays */
		words[0] = (char)tolower((unsigned char)words[0]);
	snprintf(failure->text + used, sizeof failure->text - used, ": %s: %s %s", call, errno_name(failure->number), words);
}

int fail_plain(struct failure *failure, const char *format, ...)
{
	va_list arguments;
	va_start(arguments, format);
	failure->number = 0;
	vsnprintf(failure->text, sizeof failure->text, format, arguments);
	va_end(arguments);
	return -1;
}

int fail_call(struct failure *failure, const char *call, const char *format, ...)
{
	int number = errno;
	va_list arguments;
	va_start(arguments, format);
	failure->number = number;
	vsnprintf(failure->text, sizeof failure->text, format, arguments);
	va_end(arguments);
	append_errno(failure, call);
	return -1;
}

void failure_cause(struct failure *failure, const char *document, const char *pointer)
{
	size_t used = strlen(failure->text);
	if (pointer[0] == '/') /* not a named default: no line of the document asks for that */
		snprintf(failure->text + used, sizeof failure->text - used, " (%s %s)", document, pointer);
}

void failure_prefix(struct failure *failure, const char *prefix)
{
	size_t length = strlen(prefix), used = strlen(failure->text);
	if (length >= sizeof failure->text)
		return;
	if (used > sizeof failure->text - length - 1)
		used = sizeof failure->text - length - 1;
	memmove(failure->text + length, failure->text, used);
	failure->text[length + used] = '\0';
	memcpy(failure->text, prefix, length);
}
