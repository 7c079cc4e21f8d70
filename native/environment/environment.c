/*
 * tlab-environment: sets variables out of a file and becomes a program: `tlab-environment FILE PROGRAM [ARGUMENT...]`. The file holds
 * NAME=VALUE, each with a NUL behind it. For secrets that a RUN wants as variables: so they stand in no config.json and in no database.
 * Rule: the file is read once, whole, and bounded; nothing of it is ever printed.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* As a shell says it. @source posix Shell Command Language, exit status for commands */
enum { FAILED = 125, NOT_EXECUTABLE = 126, NOT_FOUND = 127 };
/* 64 secrets of 500 KiB. */
enum { LARGEST_FILE = 33 * 1024 * 1024 };

static int failed(const char *what, int status)
{
	fprintf(stderr, "%s: %s\n", what, strerror(errno));
	return status;
}

/* The whole file with a NUL behind it; its length in `size`. */
static char *whole(const char *path, size_t *size)
{
	int file = open(path, O_RDONLY | O_CLOEXEC);
	if (file < 0)
		return NULL;
	char *text = malloc(LARGEST_FILE + 1);
	*size = 0;
	while (text != NULL && *size < LARGEST_FILE) {
		ssize_t got = read(file, text + *size, LARGEST_FILE - *size);
		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			break;
		*size += (size_t)got;
	}
	close(file);
	if (text != NULL)
		text[*size] = '\0';
	return text;
}

int main(int argc, char **argv)
{
	if (argc < 3) {
		fprintf(stderr, "usage: tlab-environment FILE PROGRAM [ARGUMENT...]\n");
		return FAILED;
	}
	size_t size = 0;
	char *text = whole(argv[1], &size);
	if (text == NULL)
		return failed("secrets that are wanted as variables", FAILED);
	for (char *at = text; at < text + size; at += strlen(at) + 1) {
		/* putenv keeps the pointer: the text stays. */
		if (strchr(at, '=') != NULL && putenv(at) != 0)
			return failed("setting a variable", FAILED);
	}
	execvp(argv[2], argv + 2);
	return failed(argv[2], errno == ENOENT ? NOT_FOUND : NOT_EXECUTABLE);
}
