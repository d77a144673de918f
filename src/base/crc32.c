/* SPDX-License-Identifier: Apache-2.0
 *
 * CRC-32. zlib's walks short texts byte by byte, each step waiting for the one before: 59 ns for a token's 43.
 * Eight tables take eight bytes in one step, and half of that; but they are 8 KiB, and every verification
 * in a server finds other lines of them pushed out of the caches. Multiplying without carries takes sixteen bytes in one
 * step and needs no table (V. Gopal et al., "Fast CRC Computation for Generic Polynomials Using PCLMULQDQ
 * Instruction", Intel, 2009). docs/design/verify-cost.md has what it saves.
 */
#include "base/crc32.h"

#include <endian.h>
#include <string.h>
#include <zlib.h>

/* crc_after[k][b] is what byte b has become k bytes on. */
#define CRC_STEP 8u
static uint32_t crc_after[CRC_STEP][256];

static void tables_fill(void)
{
	const z_crc_t *table = get_crc_table();

	for (unsigned b = 0; b < 256; b++) {
		crc_after[0][b] = (uint32_t)table[b];
		for (unsigned k = 1; k < CRC_STEP; k++)
			crc_after[k][b] = crc_after[k - 1][b] >> 8 ^
			                  (uint32_t)table[crc_after[k - 1][b] & 0xff];
	}
}

PAT_APART uint32_t pat_crc32_by_tables(const void *bytes, size_t len)
{
	const uint8_t *b = bytes;
	uint32_t crc = 0xffffffffu;

	for (; len >= CRC_STEP; len -= CRC_STEP, b += CRC_STEP) {
		uint32_t low = 0;
		uint32_t high = 0;

		memcpy(&low, b, 4);      /* UNSAFE: eight are left */
		memcpy(&high, b + 4, 4); /* UNSAFE: eight are left */
		low = le32toh(low) ^ crc;
		high = le32toh(high);
		crc = crc_after[7][low & 0xff] ^ crc_after[6][low >> 8 & 0xff] ^
		      crc_after[5][low >> 16 & 0xff] ^ crc_after[4][low >> 24] ^
		      crc_after[3][high & 0xff] ^ crc_after[2][high >> 8 & 0xff] ^
		      crc_after[1][high >> 16 & 0xff] ^ crc_after[0][high >> 24];
	}
	for (; len > 0; len--, b++)
		crc = crc >> 8 ^ crc_after[0][(crc ^ *b) & 0xff];
	return ~crc;
}

#if defined(__x86_64__)

#include <immintrin.h>

#define WITH_CLMUL __attribute__((target("pclmul,sse4.1")))
#define LANE       16u

/* What the first bytes begin with are four bytes of ones; they must be in the first lane. */
#define HEAD_MIN 4u

static bool clmul;

__attribute__((constructor)) static void crc32_choose(void)
{
	__builtin_cpu_init();
	clmul = __builtin_cpu_supports("pclmul") && __builtin_cpu_supports("sse4.1");
	tables_fill();
}

static size_t head_bytes(size_t len)
{
	return (len - 1) % LANE + 1;
}

WITH_CLMUL static __m128i lane_load(const uint8_t *b)
{
	__m128i lane;

	memcpy(&lane, b, sizeof(lane)); /* UNSAFE: the caller has sixteen */
	return lane;
}

/* The lane, sixteen bytes on. The factors are x^(128+32) and x^(128-32) modulo the polynomial, bits reversed. */
WITH_CLMUL static __m128i lane_fold(__m128i lane)
{
	const __m128i factors = _mm_set_epi64x(0x0ccaa009e, 0x1751997d0);

	return _mm_xor_si128(_mm_clmulepi64_si128(lane, factors, 0x00),
	                     _mm_clmulepi64_si128(lane, factors, 0x11));
}

/* What is left of a lane: 128 bits to 64, 64 to 32, and those by Barrett's reduction. */
WITH_CLMUL static uint32_t lane_reduce(__m128i lane)
{
	const __m128i by96 = _mm_set_epi64x(0, 0x0ccaa009e);
	const __m128i by64 = _mm_set_epi64x(0, 0x163cd6124);
	const __m128i barrett = _mm_set_epi64x(0x1f7011641, 0x1db710641);
	const __m128i low = _mm_set_epi32(0, 0, 0, -1);

	lane = _mm_xor_si128(_mm_clmulepi64_si128(lane, by96, 0x00), _mm_srli_si128(lane, 8));
	lane = _mm_xor_si128(_mm_clmulepi64_si128(_mm_and_si128(lane, low), by64, 0x00),
	                     _mm_srli_si128(lane, 4));
	__m128i whole = _mm_clmulepi64_si128(_mm_and_si128(lane, low), barrett, 0x10);
	whole = _mm_clmulepi64_si128(_mm_and_si128(whole, low), barrett, 0x00);
	return ~(uint32_t)_mm_extract_epi32(_mm_xor_si128(lane, whole), 1);
}

/* The text ends with a whole lane; its first is filled with zeros in front, which change nothing. */
WITH_CLMUL static PAT_HOT uint32_t crc32_by_lanes(const uint8_t *b, size_t len)
{
	/* Bytes sixteen on of `shift` stay what and where they are; those before make zeros. */
	static const uint8_t shift[2 * LANE] = { 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80,
		                                 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80,
		                                 0,    1,    2,    3,    4,    5,    6,    7,
		                                 8,    9,    10,   11,   12,   13,   14,   15 };
	size_t head = head_bytes(len);
	__m128i lane = _mm_xor_si128(lane_load(b), _mm_set_epi32(0, 0, 0, -1));

	lane = _mm_shuffle_epi8(lane, lane_load(shift + head));
	for (size_t i = head; i < len; i += LANE)
		lane = _mm_xor_si128(lane_fold(lane), lane_load(b + i));
	return lane_reduce(lane);
}

uint32_t pat_crc32(const void *bytes, size_t len)
{
	if (clmul && len >= LANE && head_bytes(len) >= HEAD_MIN)
		return crc32_by_lanes(bytes, len);
	return pat_crc32_by_tables(bytes, len);
}

#else

__attribute__((constructor)) static void crc32_choose(void)
{
	tables_fill();
}

uint32_t pat_crc32(const void *bytes, size_t len)
{
	return pat_crc32_by_tables(bytes, len);
}

#endif
