/* SHA-256 of a buffer: a plan is run only for the very document that it was compiled from. @source FIPS 180-4 */
#ifndef TLAB_SHA256_H
#define TLAB_SHA256_H
#include <stddef.h>
#include <stdint.h>

void sha256(const uint8_t *data, size_t size, uint8_t digest[32]);
void sha256_hex(const uint8_t digest[32], char text[65]);

#endif
