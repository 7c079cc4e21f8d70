#include "request.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>

#include "../archive/failure.h"

const char *request_field(void)
{
	static char *fields[3];
	static size_t sizes[3];
	static int at;
	at = (at + 1) % 3;
	ssize_t length = getdelim(&fields[at], &sizes[at], '\0', stdin);
	if (length < 0)
		return NULL;
	if (fields[at][length - 1] != '\0')
		fail("the last request is cut short");
	return fields[at];
}

const char *request_needed(const char *what)
{
	const char *field = request_field();
	if (!field)
		fail("a request ends before its %s", what);
	return field;
}
