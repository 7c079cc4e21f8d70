#include "sha256.h"

#include <string.h>
#if defined(__x86_64__)
#include <immintrin.h>
#endif

/* @source FIPS 180-4, 4.2.2 */
static const uint32_t k[64] __attribute__((aligned(16))) = {
	0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
	0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
	0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
	0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
	0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
	0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
	0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
	0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2,
};

static uint32_t rotate(uint32_t x, int n)
{
	return x >> n | x << (32 - n);
}

static uint32_t load(const uint8_t *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static void expand(uint32_t w[64], const uint8_t *block)
{
	for (int i = 0; i < 16; i++)
		w[i] = load(block + 4 * i);
	for (int i = 16; i < 64; i++) {
		uint32_t s0 = rotate(w[i - 15], 7) ^ rotate(w[i - 15], 18) ^ w[i - 15] >> 3;
		uint32_t s1 = rotate(w[i - 2], 17) ^ rotate(w[i - 2], 19) ^ w[i - 2] >> 10;
		w[i] = w[i - 16] + s0 + w[i - 7] + s1;
	}
}

static void compress_portable(uint32_t state[8], const uint8_t *data, size_t blocks)
{
	for (; blocks > 0; blocks--, data += 64) {
		uint32_t w[64], s[8];
		expand(w, data);
		memcpy(s, state, sizeof s);
		for (int i = 0; i < 64; i++) {
			uint32_t choose = (s[4] & s[5]) ^ (~s[4] & s[6]);
			uint32_t major = (s[0] & s[1]) ^ (s[0] & s[2]) ^ (s[1] & s[2]);
			uint32_t one = s[7] + (rotate(s[4], 6) ^ rotate(s[4], 11) ^ rotate(s[4], 25)) + choose + k[i] + w[i];
			uint32_t two = (rotate(s[0], 2) ^ rotate(s[0], 13) ^ rotate(s[0], 22)) + major;
			memmove(s + 1, s, 7 * sizeof *s);
			s[4] += one;
			s[0] = one + two;
		}
		for (int i = 0; i < 8; i++)
			state[i] += s[i];
	}
}

#if defined(__x86_64__)
/*
 * Four rounds an iteration; the schedule keeps the last sixteen words in m[0..3], oldest first.
 * The instructions hold the state as ABEF and CDGH. @source Intel SDM, SHA256RNDS2, SHA256MSG1, SHA256MSG2
 */
__attribute__((target("sha,sse4.1"))) static void compress_sha_ni(uint32_t state[8], const uint8_t *data, size_t blocks)
{
	const __m128i swap = _mm_set_epi64x(0x0c0d0e0f08090a0bLL, 0x0405060700010203LL);
	__m128i dcba = _mm_loadu_si128((const __m128i *)state);
	__m128i hgfe = _mm_loadu_si128((const __m128i *)(state + 4));
	__m128i cdab = _mm_shuffle_epi32(dcba, 0xb1);
	__m128i efgh = _mm_shuffle_epi32(hgfe, 0x1b);
	__m128i abef = _mm_alignr_epi8(cdab, efgh, 8);
	__m128i cdgh = _mm_blend_epi16(efgh, cdab, 0xf0);

	for (; blocks > 0; blocks--, data += 64) {
		__m128i abef_before = abef, cdgh_before = cdgh, m[4];
		for (int i = 0; i < 4; i++)
			m[i] = _mm_shuffle_epi8(_mm_loadu_si128((const __m128i *)(data + 16 * i)), swap);
#pragma GCC unroll 16
		for (int i = 0; i < 16; i++) {
			__m128i sum = _mm_add_epi32(m[0], _mm_load_si128((const __m128i *)(k + 4 * i)));
			cdgh = _mm_sha256rnds2_epu32(cdgh, abef, sum);
			abef = _mm_sha256rnds2_epu32(abef, cdgh, _mm_shuffle_epi32(sum, 0x0e));
			__m128i next = _mm_sha256msg1_epu32(m[0], m[1]);
			next = _mm_add_epi32(next, _mm_alignr_epi8(m[3], m[2], 4));
			next = _mm_sha256msg2_epu32(next, m[3]);
			m[0] = m[1], m[1] = m[2], m[2] = m[3], m[3] = next;
		}
		abef = _mm_add_epi32(abef, abef_before);
		cdgh = _mm_add_epi32(cdgh, cdgh_before);
	}

	__m128i feba = _mm_shuffle_epi32(abef, 0x1b);
	__m128i dchg = _mm_shuffle_epi32(cdgh, 0xb1);
	_mm_storeu_si128((__m128i *)state, _mm_blend_epi16(feba, dchg, 0xf0));
	_mm_storeu_si128((__m128i *)(state + 4), _mm_alignr_epi8(dchg, feba, 8));
}

static int has_sha_ni(void)
{
	unsigned a = 7, b = 0, c = 0, d = 0;
	__asm__("cpuid" : "+a"(a), "=b"(b), "+c"(c), "=d"(d)); /* leaf 7: bit 29 of EBX is SHA */
	return __builtin_cpu_supports("sse4.1") && (b >> 29 & 1);
}
#endif

void sha256_begin(struct sha256 *sha)
{
	static const uint32_t initial[8] = { 0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
		                             0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19 };
	memcpy(sha->state, initial, sizeof initial);
	sha->length = 0;
	sha->compress = compress_portable;
#if defined(__x86_64__)
	if (has_sha_ni())
		sha->compress = compress_sha_ni;
#endif
}

void sha256_update(struct sha256 *sha, const void *data, size_t length)
{
	const uint8_t *bytes = data;
	size_t held = sha->length % 64;
	sha->length += length;
	if (held > 0) {
		size_t take = length < 64 - held ? length : 64 - held;
		memcpy(sha->block + held, bytes, take);
		bytes += take, length -= take;
		if (held + take < 64)
			return;
		sha->compress(sha->state, sha->block, 1);
	}
	sha->compress(sha->state, bytes, length / 64);
	memcpy(sha->block, bytes + length / 64 * 64, length % 64);
}

void sha256_end(struct sha256 *sha, uint8_t digest[32])
{
	uint8_t tail[128] = { 0 };
	size_t held = sha->length % 64, size = held < 56 ? 64 : 128;
	memcpy(tail, sha->block, held);
	tail[held] = 0x80;
	for (int i = 0; i < 8; i++)
		tail[size - 1 - (size_t)i] = (uint8_t)(sha->length * 8 >> 8 * i);
	sha->compress(sha->state, tail, size / 64);
	for (int i = 0; i < 32; i++)
		digest[i] = (uint8_t)(sha->state[i / 4] >> (24 - 8 * (i % 4)));
}

void sha256_hex(const uint8_t digest[32], char text[65])
{
	static const char hex[] = "0123456789abcdef";
	for (int i = 0; i < 32; i++) {
		text[2 * i] = hex[digest[i] >> 4];
		text[2 * i + 1] = hex[digest[i] & 15];
	}
	text[64] = '\0';
}

void sha256_digest(struct sha256 *sha, char text[72])
{
	uint8_t digest[32];
	memcpy(text, "sha256:", 7);
	sha256_end(sha, digest);
	sha256_hex(digest, text + 7);
}
