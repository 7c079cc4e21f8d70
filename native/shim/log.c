/* The runtime's log: a JSON object a line, {"level":"error","msg":"…","time":"…"}; runc, crun and ours agree on it. */
#include <ctype.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "runtime.h"

enum { TAIL = 8192 };

static int put_code_point(char *out, unsigned code)
{
	if (code < 0x80) {
		out[0] = (char)code;
		return 1;
	}
	if (code < 0x800) {
		out[0] = (char)(0xc0 | code >> 6);
		out[1] = (char)(0x80 | (code & 0x3f));
		return 2;
	}
	out[0] = (char)(0xe0 | code >> 12);
	out[1] = (char)(0x80 | (code >> 6 & 0x3f));
	out[2] = (char)(0x80 | (code & 0x3f));
	return 3;
}

/* Undoes the escapes of a JSON string, in place: the result is never longer. `text` starts after the quote. */
static char *unescape(char *text)
{
	char *out = text;
	for (const char *in = text; *in && *in != '"';) {
		if (*in != '\\') {
			*out++ = *in++;
			continue;
		}
		in++;
		if (*in == 'u' && strnlen(in, 5) == 5) {
			char hex[5] = { in[1], in[2], in[3], in[4], 0 };
			out += put_code_point(out, (unsigned)strtoul(hex, NULL, 16));
			in += 5;
		} else if (*in) {
			*out++ = *in == 'n' || *in == 't' ? ' ' : *in;
			in++;
		}
	}
	*out = '\0';
	return text;
}

/* The value of a key whose value is a string. Keys inside messages are escaped (\"msg\"), so they do not match. */
static char *string_value(char *line, const char *key)
{
	char *at = strstr(line, key);
	if (!at)
		return NULL;
	at += strlen(key);
	while (isspace((unsigned char)*at) || *at == ':')
		at++;
	return *at == '"' ? at + 1 : NULL;
}

static bool is_error(const char *line)
{
	char *level = string_value((char *)(void *)line, "\"level\"");
	return level && (strncmp(level, "error\"", 6) == 0 || strncmp(level, "fatal\"", 6) == 0);
}

char *runtime_log_error(const char *path)
{
	char text[TAIL + 1];
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	if (fd < 0)
		return NULL;
	off_t size = lseek(fd, 0, SEEK_END);
	ssize_t n = pread(fd, text, TAIL, size > TAIL ? size - TAIL : 0);
	close(fd);
	if (n <= 0)
		return NULL;
	text[n] = '\0';
	char *found = NULL;
	char *rest = text;
	for (char *line = strsep(&rest, "\n"); line; line = strsep(&rest, "\n"))
		if (is_error(line))
			found = line;
	char *message = found ? string_value(found, "\"msg\"") : NULL;
	return message ? strdup(unescape(message)) : NULL;
}
