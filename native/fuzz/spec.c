/* What the shim looks for in config.json. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "../shim/shim.h"
#include "../shim/spec.h"

struct shim shim;
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char value[64];
	char *text = malloc(size ? size : 1); /* without a final NUL: a byte read beyond the end is seen */
	memcpy(text, data, size);
	if (spec_annotation(text, size, "io.kubernetes.cri.sandbox-id", value, sizeof value) && (!value[0] || strlen(value) >= sizeof value))
		abort();
	free(text);
	return 0;
}
