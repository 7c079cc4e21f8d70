/* SHA-256 over a stream. Uses the CPU's SHA instructions where there are some: a layer is hashed twice while it is unpacked. */
#ifndef TLAB_SHA256_H
#define TLAB_SHA256_H
#include <stddef.h>
#include <stdint.h>

struct sha256 {
	uint32_t state[8];
	uint64_t length;
	uint8_t block[64];
	void (*compress)(uint32_t state[8], const uint8_t *data, size_t blocks);
};

void sha256_begin(struct sha256 *sha);
void sha256_update(struct sha256 *sha, const void *data, size_t length);
void sha256_end(struct sha256 *sha, uint8_t digest[32]);
/* 64 hex digits and a final NUL. */
void sha256_hex(const uint8_t digest[32], char text[65]);
/* Ends it: `sha256:` and the digits, as image documents have it. */
void sha256_digest(struct sha256 *sha, char text[72]);

#endif
