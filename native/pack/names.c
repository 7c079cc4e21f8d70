#include "names.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../archive/failure.h"

static int compare(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static void add(struct names *names, size_t *capacity, const char *name)
{
	if (names->count == *capacity) {
		*capacity = *capacity ? *capacity * 2 : 32;
		names->list = realloc(names->list, *capacity * sizeof *names->list);
		if (!names->list)
			fail("out of memory");
	}
	names->list[names->count] = strdup(name);
	if (!names->list[names->count++])
		fail("out of memory");
}

struct names names_read(int directory)
{
	struct names names = { 0 };
	size_t capacity = 0;
	if (directory < 0)
		return names;
	/* A description of its own: reading moves the position. */
	int fd = openat(directory, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *stream = fd < 0 ? NULL : fdopendir(fd);
	if (!stream)
		fail_call("opendir(3)");
	errno = 0;
	for (struct dirent *entry; (entry = readdir(stream)); errno = 0)
		if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
			add(&names, &capacity, entry->d_name);
	if (errno != 0)
		fail_call("readdir(3)");
	closedir(stream);
	if (names.count > 0)
		qsort(names.list, names.count, sizeof *names.list, compare);
	return names;
}

bool names_have(const struct names *names, const char *name)
{
	return names->count > 0 && bsearch(&name, names->list, names->count, sizeof *names->list, compare) != NULL;
}

void names_free(struct names *names)
{
	for (size_t i = 0; i < names->count; i++)
		free(names->list[i]);
	free(names->list);
	*names = (struct names){ 0 };
}
