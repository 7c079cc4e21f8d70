/* Gives files to a harness of native/fuzz one by one, where there is no libFuzzer: under an emulator. Prints how many. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
__attribute__((weak)) int LLVMFuzzerInitialize(int *argc, char ***argv);

enum { INPUTS_MAX = 256, SIZE_MAX_BYTES = 1 << 18 };

int main(int argc, char **argv)
{
	static struct {
		uint8_t *data;
		size_t size;
	} inputs[INPUTS_MAX];
	int count = 0;
	/* All of them first: afterwards the harness may have taken the file system away. */
	for (int i = 1; i < argc && count < INPUTS_MAX; i++, count++) {
		FILE *file = fopen(argv[i], "re");
		inputs[count].data = malloc(SIZE_MAX_BYTES);
		if (!file || !inputs[count].data)
			return 2;
		inputs[count].size = fread(inputs[count].data, 1, SIZE_MAX_BYTES, file);
		fclose(file);
	}
	if (LLVMFuzzerInitialize)
		LLVMFuzzerInitialize(&argc, &argv);
	for (int i = 0; i < count; i++)
		LLVMFuzzerTestOneInput(inputs[i].data, inputs[i].size);
	printf("%d inputs\n", count);
	return 0;
}
