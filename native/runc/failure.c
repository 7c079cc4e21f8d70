#include "failure.h"

#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "../common/names.h"
#include "../common/utf8.h"

/* What comes last says why it failed: there is room for it behind a text that is as long as it may be. */
enum { ROOM_FOR_WHY = 512 };
static const char left_out[] = "…";

static void append(struct failure *failure, const char *words)
{
	size_t used = strlen(failure->text);
	size_t length = utf8_cut(words, sizeof failure->text - 1 - used);
	memcpy(failure->text + used, words, length);
	failure->text[used + length] = '\0';
}

static void append_errno(struct failure *failure, const char *call)
{
	char words[128], all[256];
	snprintf(words, sizeof words, "%s", strerror(failure->number));
	if (islower((unsigned char)words[1])) /* "I/O error" stays */
		words[0] = (char)tolower((unsigned char)words[0]);
	snprintf(all, sizeof all, ": %s: %s %s", call, errno_name(failure->number), words);
	append(failure, all);
}

static void write_text(struct failure *failure, const char *format, va_list arguments)
{
	const size_t most = sizeof failure->text - ROOM_FOR_WHY;
	int n = vsnprintf(failure->text, most, format, arguments);
	if (n < 0 || (size_t)n < most)
		return;
	failure->text[utf8_cut(failure->text, most - sizeof left_out)] = '\0';
	append(failure, left_out);
}

int fail_plain(struct failure *failure, const char *format, ...)
{
	va_list arguments;
	va_start(arguments, format);
	failure->number = 0;
	write_text(failure, format, arguments);
	va_end(arguments);
	return -1;
}

int fail_call(struct failure *failure, const char *call, const char *format, ...)
{
	int number = errno;
	va_list arguments;
	va_start(arguments, format);
	failure->number = number;
	write_text(failure, format, arguments);
	va_end(arguments);
	append_errno(failure, call);
	return -1;
}

void failure_cause(struct failure *failure, const char *document, const char *pointer)
{
	char words[ROOM_FOR_WHY];
	int n = snprintf(words, sizeof words, " (%s %s)", document, pointer);
	if (pointer[0] == '/' && n > 0 && (size_t)n < sizeof words) /* not a named default: no line of the document asks for that */
		append(failure, words);
}

void failure_prefix(struct failure *failure, const char *prefix)
{
	size_t length = strlen(prefix), used;
	if (length >= sizeof failure->text)
		return;
	used = utf8_cut(failure->text, sizeof failure->text - length - 1);
	memmove(failure->text + length, failure->text, used);
	failure->text[length + used] = '\0';
	memcpy(failure->text, prefix, length);
}
