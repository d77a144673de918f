/* SPDX-License-Identifier: Apache-2.0
 *
 * Thin shapes over libcrypto and libsodium. A newcomer would reach for EVP_Digest*(), SHA256() or libsodium's
 * randombytes. The first allocates on every call in OpenSSL 3.0, and touches ten times the code
 * (docs/design/verify-cost.md); the second looks the algorithm up each time; the third aborts the process when
 * the kernel's generator fails, where we answer "unavailable".
 */
#define OPENSSL_API_COMPAT 0x10100000L /* SHA256_Init() and its like are what we want */

#include "base/crypto.h"

#include <endian.h>
#include <errno.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <openssl/sha.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "base/codec.h"

/* The longest message that is one block with its padding: a bit of one, zeros, and its length in 64 bits. */
#define SHA256_ONE_BLOCK_BYTES_MAX 55u

/* A token is one block: padded here (FIPS 180-4 section 5.1.1), it is half the code to touch. */
static void sha256_one_block(const void *bytes, size_t len, uint8_t out[static 32])
{
	SHA256_CTX ctx = { .h = { 0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f,
		                  0x9b05688c, 0x1f83d9ab, 0x5be0cd19 } };
	uint8_t block[SHA256_CBLOCK] = { 0 };

	memcpy(block, bytes, len); /* UNSAFE: at most SHA256_ONE_BLOCK_BYTES_MAX */
	block[len] = 0x80;
	block[62] = (uint8_t)(len >> 5);
	block[63] = (uint8_t)(len << 3);
	SHA256_Transform(&ctx, block);
	for (size_t i = 0; i < 8; i++) {
		uint32_t word = htobe32(ctx.h[i]);

		memcpy(out + 4 * i, &word, 4); /* UNSAFE: eight words of four bytes */
	}
	/* As explicit_bzero() does, which lies in a page of its own. */
	memset(block, 0, sizeof(block)); /* UNSAFE: its own size */
	__asm__ __volatile__("" ::"r"(block) : "memory");
}

void pat_sha256(const void *bytes, size_t len, uint8_t out[static 32])
{
	SHA256_CTX ctx;

	if (len <= SHA256_ONE_BLOCK_BYTES_MAX) {
		sha256_one_block(bytes, len, out);
		return;
	}
	/* With valid pointers none of them can fail, whatever their type says; Final wipes what it buffered. */
	(void)SHA256_Init(&ctx);
	(void)SHA256_Update(&ctx, bytes, len);
	(void)SHA256_Final(out, &ctx);
}

int pat_hmac_sha256(const uint8_t key[static 32], const void *bytes, size_t len,
                    uint8_t out[static 32])
{
	crypto_auth_hmacsha256_state state;

	if (crypto_auth_hmacsha256_init(&state, key, 32) != 0 ||
	    crypto_auth_hmacsha256_update(&state, bytes, len) != 0 ||
	    crypto_auth_hmacsha256_final(&state, out) != 0)
		return -EIO;
	sodium_memzero(&state, sizeof(state));
	return 0;
}

struct pat_hmac {
	EVP_MAC *mac;
	EVP_MAC_CTX *ctx;
};

int pat_hmac_new(const uint8_t key[static 32], struct pat_hmac **ret)
{
	pat_cleanup(pat_hmac_freep) struct pat_hmac *hmac = calloc(1, sizeof(*hmac));
	char digest[] = "SHA256";
	OSSL_PARAM params[] = { OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest, 0),
		                OSSL_PARAM_construct_end() };

	if (!hmac)
		return -ENOMEM;
	hmac->mac = EVP_MAC_fetch(NULL, "HMAC", NULL);
	if (!hmac->mac)
		return -ENOMEM;
	hmac->ctx = EVP_MAC_CTX_new(hmac->mac);
	if (!hmac->ctx || EVP_MAC_init(hmac->ctx, key, 32, params) != 1)
		return -ENOMEM;
	*ret = PAT_TAKE(hmac);
	return 0;
}

void pat_hmac_free(struct pat_hmac *hmac)
{
	if (!hmac)
		return;
	EVP_MAC_CTX_free(hmac->ctx);
	EVP_MAC_free(hmac->mac);
	free(hmac);
}

void pat_hmac_freep(struct pat_hmac **hmac)
{
	pat_hmac_free(*hmac);
	*hmac = NULL;
}

int pat_hmac(struct pat_hmac *hmac, const void *bytes, size_t len, uint8_t out[static 32])
{
	size_t n = 0;

	/* A NULL key starts over with the key of pat_hmac_new(). */
	if (EVP_MAC_init(hmac->ctx, NULL, 0, NULL) != 1 ||
	    EVP_MAC_update(hmac->ctx, bytes, len) != 1 ||
	    EVP_MAC_final(hmac->ctx, out, &n, PAT_SHA256_BYTES) != 1 || n != PAT_SHA256_BYTES)
		return -EIO;
	return 0;
}

int pat_random(void *out, size_t len)
{
	ssize_t n = getrandom(out, len, 0);

	if (n >= 0 && (size_t)n == len)
		return 0;
	int error = n < 0 ? -errno : -EIO;
	sodium_memzero(out, len);
	return error;
}

bool pat_memeq(const void *a, const void *b, size_t len)
{
	return sodium_memcmp(a, b, len) == 0;
}

void pat_wipe(void *bytes, size_t len)
{
	sodium_memzero(bytes, len);
}

void pat_secret_done(struct pat_secret *secret)
{
	sodium_memzero(secret, sizeof(*secret));
}

int pat_secret_random(struct pat_secret *ret)
{
	uint8_t bits[32];
	int r = pat_random(bits, sizeof(bits));

	if (r < 0)
		return r;
	pat_base62_encode_256(bits, ret->text);
	ret->text[PAT_BASE62_256_CHARS] = '\0';
	ret->len = PAT_BASE62_256_CHARS;
	sodium_memzero(bits, sizeof(bits));
	return 0;
}

/* ---- Registers. A thread that waits keeps them, and a core of it has them. */

#ifdef __x86_64__

/* Copying with AVX-512 goes through registers 16 and above, which vzeroall leaves alone. */
__attribute__((target("avx512f"))) static void wipe_zmm(void)
{
#define WIPE(n) "vpxord %%zmm" #n ", %%zmm" #n ", %%zmm" #n "\n\t"
	__asm__ volatile(
		WIPE(16) WIPE(17) WIPE(18) WIPE(19) WIPE(20) WIPE(21) WIPE(22) WIPE(23) WIPE(24)
			WIPE(25) WIPE(26) WIPE(27) WIPE(28) WIPE(29) WIPE(30) WIPE(31) "vzeroall" ::
				: "memory", "xmm0", "xmm1", "xmm2", "xmm3", "xmm4", "xmm5", "xmm6",
				  "xmm7", "xmm8", "xmm9", "xmm10", "xmm11", "xmm12", "xmm13",
				  "xmm14", "xmm15", "xmm16", "xmm17", "xmm18", "xmm19", "xmm20",
				  "xmm21", "xmm22", "xmm23", "xmm24", "xmm25", "xmm26", "xmm27",
				  "xmm28", "xmm29", "xmm30", "xmm31");
#undef WIPE
}

__attribute__((target("avx"))) static void wipe_ymm(void)
{
	__asm__ volatile("vzeroall" ::
	                         : "memory", "xmm0", "xmm1", "xmm2", "xmm3", "xmm4", "xmm5", "xmm6",
	                           "xmm7", "xmm8", "xmm9", "xmm10", "xmm11", "xmm12", "xmm13",
	                           "xmm14", "xmm15");
}

void pat_wipe_registers(void)
{
	if (__builtin_cpu_supports("avx512f"))
		wipe_zmm();
	else if (__builtin_cpu_supports("avx"))
		wipe_ymm();
}

#else

void pat_wipe_registers(void)
{
}

#endif
