/* The plan's reader: any bytes are refused, or every pointer that it gives can be read to its end. */
#include <stdlib.h>
#include <string.h>

#include "../runc/plan.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *const types[] = {
#define X(name, code, types) [code] = types,
	OPERATIONS(X)
#undef X
};

static unsigned long read_value(union value value, char type)
{
	unsigned long sum = 0;
	switch (type) {
	case 's':
		return strlen(value.string);
	case 'v':
		for (char **item = value.strings.items; *item; item++)
			sum += strlen(*item);
		return sum;
	case 'b':
		for (uint32_t i = 0; i < value.bytes.size; i++)
			sum += value.bytes.data[i];
		return sum;
	default:
		return value.number;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct plan plan;
	struct failure failure;
	unsigned long sum = 0;
	uint8_t *copy = malloc(size + 1);
	memcpy(copy, data, size);
	if (plan_decode(&plan, copy, size, &failure) == 0)
		for (uint32_t i = 0; i < plan.count; i++) {
			const struct operation *operation = &plan.operations[i];
			sum += strlen(operation->cause) + strlen(operation->name);
			for (int j = 0; types[operation->code][j]; j++)
				sum += read_value(operation->arguments[j], types[operation->code][j]);
		}
	plan_free(&plan);
	return sum == ~0ul; /* used, so that nothing of it is left out; libFuzzer wants 0 */
}
