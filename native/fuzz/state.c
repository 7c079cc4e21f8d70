/* A state directory as `state`, `start` and `delete` find it: `container` first, whose size two bytes give, then `plan`. */
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../runc/executor.h"
#include "../runc/state.h"
#include "confine.h"

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	confine();
	return 0;
}

static void write_file(const char *path, const uint8_t *data, size_t size)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	if (fd < 0 || write(fd, data, size) != (ssize_t)size)
		abort();
	close(fd);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static char text[STATE_JSON_BYTES];
	static struct container container;
	struct failure failure;
	size_t first = size < 2 ? 0 : (size_t)data[0] | (size_t)data[1] << 8;
	if (size < 2 || first > size - 2)
		return -1;
	mkdir("web", 0700);
	write_file("web/container", data + 2, first);
	write_file("web/plan", data + 2 + first, size - 2 - first);
	if (container_open(&container, ".", "web", &failure) == 0) {
		container_state_json(&container, container_status(&container), text, sizeof text);
		if (strlen(text) >= sizeof text)
			abort();
	}
	container_close(&container);
	return 0;
}
