#include "log-file.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char scheme[] = "file://";

bool is_log_file(const char *uri)
{
	return uri && strncmp(uri, scheme, strlen(scheme)) == 0 && uri[strlen(scheme)] == '/';
}

/* The path of the URI: up to a query or fragment, %20 and the like undone. */
static bool decode_path(const char *uri, char path[PATH_MAX])
{
	size_t length = 0;
	for (const char *at = uri + strlen(scheme); *at && *at != '?' && *at != '#'; at++) {
		char letter = *at;
		if (letter == '%') {
			if (!isxdigit((unsigned char)at[1]) || !isxdigit((unsigned char)at[2]))
				return false;
			const char hex[3] = { at[1], at[2], 0 };
			letter = (char)strtoul(hex, NULL, 16);
			at += 2;
		}
		if (letter == '\0' || length == PATH_MAX - 1)
			return false;
		path[length++] = letter;
	}
	path[length] = '\0';
	return true;
}

static void make_folders(char *path)
{
	for (char *slash = strchr(path + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		mkdir(path, 0755); /* where this fails, opening the file says why */
		*slash = '/';
	}
}

int log_file_open(const char *uri)
{
	char path[PATH_MAX];
	if (!decode_path(uri, path)) {
		errno = EINVAL;
		return -1;
	}
	make_folders(path);
	return open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOCTTY | O_NONBLOCK, 0644);
}
