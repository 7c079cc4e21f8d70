/* The runtime's log, of which the shim shows the last error. The runtime may be anybody's. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "../shim/runtime.h"

struct shim shim;
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static int file = -1;
	static char path[32];
	if (file < 0) {
		file = memfd_create("log", MFD_CLOEXEC);
		snprintf(path, sizeof path, "/dev/fd/%d", file);
	}
	if (ftruncate(file, 0) < 0 || pwrite(file, data, size, 0) != (ssize_t)size)
		abort();
	char *said = runtime_log_error(path);
	if (said && strlen(said) > size)
		abort();
	free(said);
	return 0;
}
