/* Feeds a plan's bytes, cut at every length and with bytes changed at random, to the runtime's reader; prints how many it took. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../native/runc/plan.h"

/* A reader that lets a bad pointer through is found by reading everything that it gave. */
static unsigned long touch(const struct plan *plan)
{
	static const char *const types[] = {
#define X(name, code, types) [code] = types,
		OPERATIONS(X)
#undef X
	};
	unsigned long sum = 0;
	for (uint32_t i = 0; i < plan->count; i++) {
		const struct operation *operation = &plan->operations[i];
		sum += strlen(operation->cause);
		for (int j = 0; types[operation->code][j]; j++) {
			union value value = operation->arguments[j];
			switch (types[operation->code][j]) {
			case 's':
				sum += strlen(value.string);
				break;
			case 'v':
				for (char **item = value.strings.items; *item; item++)
					sum += strlen(*item);
				break;
			case 'b':
				for (uint32_t k = 0; k < value.bytes.size; k++)
					sum += value.bytes.data[k];
				break;
			default:
				sum += value.number & 1;
			}
		}
	}
	return sum;
}

static int accepts(const uint8_t *data, size_t size)
{
	struct plan plan;
	struct failure failure;
	uint8_t *copy = malloc(size ? size : 1);
	memcpy(copy, data, size);
	int result = plan_decode(&plan, copy, size, &failure);
	if (result == 0 && touch(&plan) == 0)
		puts("empty");
	plan_free(&plan);
	return result == 0;
}

int main(int argc, char **argv)
{
	size_t size = 0;
	uint8_t *data = argc > 2 ? read_whole(-100, argv[1], PLAN_MAX_BYTES, &size) : NULL;
	if (!data)
		return 2;
	int whole = accepts(data, size), cut = 0, changed = 0;
	for (size_t length = 0; length < size; length++)
		cut += accepts(data, length);
	srand(1);
	for (int round = atoi(argv[2]); round > 0; round--) {
		size_t at[4];
		uint8_t was[4];
		for (int i = 0; i < 4; i++) {
			at[i] = (size_t)rand() % size;
			was[i] = data[at[i]];
			data[at[i]] = (uint8_t)(round % 3 == 0 ? 0xff : rand());
		}
		changed += accepts(data, size);
		for (int i = 3; i >= 0; i--)
			data[at[i]] = was[i];
	}
	printf("whole %d cut %d changed %d\n", whole, cut, changed > 0);
	free(data);
	return 0;
}
