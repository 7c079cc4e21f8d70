/* tlab-runc's command line: words with NUL between them. What is accepted has a verb that is known, and a valid id, or asks for help. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "../runc/options.h"

enum { WORDS_MAX = 64 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct options options;
	struct failure failure;
	char *argv[WORDS_MAX + 2] = { "tlab-runc" };
	int argc = 1;
	char *text = malloc(size + 1);
	memcpy(text, data, size);
	text[size] = '\0';
	for (size_t at = 0; at < size && argc <= WORDS_MAX; at += strlen(text + at) + 1)
		argv[argc++] = text + at;
	if (options_parse(&options, argc, argv, &failure) == 0 && !options.help && options.id && (strchr(options.id, '/') || strcmp(options.id, "..") == 0))
		abort();
	free(text);
	return 0;
}
