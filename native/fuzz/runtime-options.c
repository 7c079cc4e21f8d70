/* `shim-runtime` and `init.pid` of a bundle, as the delete action finds them: the first byte says which. */
#include <fcntl.h>
#include <string.h>

#include "../shim/runtime.h"
#include "confine.h"

struct shim shim = { .namespace = "fuzz", .id = "web" };
int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	confine();
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct runtime runtime = { 0 };
	pid_t pid = 0;
	if (size == 0)
		return -1;
	const char *name = data[0] & 1 ? "init.pid" : "shim-runtime";
	int fd = open(name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	if (fd < 0 || write(fd, data + 1, size - 1) != (ssize_t)size - 1)
		abort();
	close(fd);
	if (data[0] & 1 ? read_pid(name, &pid) && pid <= 0 : runtime_load(&runtime) && (!runtime.binary || !runtime.root))
		abort();
	runtime_free(&runtime);
	return 0;
}
