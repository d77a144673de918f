/* SPDX-License-Identifier: Apache-2.0 */
#include "token/network.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#define MAPPED_BITS 96u

static const uint8_t mapped[12] = { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff };

bool pat_address_is_ipv4(const struct pat_address *a)
{
	return memcmp(a->bytes, mapped, sizeof(mapped)) == 0;
}

int pat_address_parse(const char *text, size_t len, struct pat_address *ret)
{
	char copy[INET6_ADDRSTRLEN + 1];
	struct pat_address a;

	if (len >= sizeof(copy) || memchr(text, '\0', len))
		return -EINVAL;
	memcpy(copy, text, len); /* UNSAFE: checked above */
	copy[len] = '\0';
	memcpy(a.bytes, mapped, sizeof(mapped)); /* UNSAFE: 12 of 16 */
	if (inet_pton(AF_INET, copy, a.bytes + 12) != 1 && inet_pton(AF_INET6, copy, a.bytes) != 1)
		return -EINVAL;
	*ret = a;
	return 0;
}

/* A length as it is written: digits, no zero before them. */
static int length_parse(const char *text, size_t len, uint32_t *ret)
{
	uint32_t n = 0;

	if (len == 0 || len > 3 || (len > 1 && text[0] == '0'))
		return -EINVAL;
	for (size_t i = 0; i < len; i++) {
		if (text[i] < '0' || text[i] > '9')
			return -EINVAL;
		n = n * 10 + (uint32_t)(text[i] - '0');
	}
	*ret = n;
	return 0;
}

/* The n-th byte of a mask. */
static uint8_t mask(uint32_t bits, uint32_t n)
{
	if (bits >= 8 * (n + 1))
		return 0xff;
	return bits <= 8 * n ? 0 : (uint8_t)(0xff00u >> (bits - 8 * n));
}

int pat_network_parse(const char *text, size_t len, struct pat_network *ret)
{
	const char *slash = memchr(text, '/', len);
	size_t address_len = slash ? (size_t)(slash - text) : len;
	struct pat_network n;

	int r = pat_address_parse(text, address_len, &n.address);
	if (r < 0)
		return r;
	bool four = !memchr(text, ':', address_len);
	n.bits = four ? 32 : 128;
	if (slash)
		r = length_parse(slash + 1, len - address_len - 1, &n.bits);
	if (r < 0 || n.bits > (four ? 32u : 128u))
		return -EINVAL;
	n.bits += four ? MAPPED_BITS : 0;
	for (uint32_t i = 0; i < 16; i++)
		if (n.address.bytes[i] & (uint8_t)~mask(n.bits, i))
			return -EINVAL;
	*ret = n;
	return 0;
}

void pat_network_format(const struct pat_network *network, char out[static PAT_NETWORK_TEXT_MAX])
{
	char address[INET6_ADDRSTRLEN] = "";
	bool four = pat_address_is_ipv4(&network->address) && network->bits >= MAPPED_BITS;

	(void)inet_ntop(four ? AF_INET : AF_INET6, network->address.bytes + (four ? 12 : 0),
	                address, sizeof(address));
	(void)snprintf(out, PAT_NETWORK_TEXT_MAX, "%s/%u", address,
	               network->bits - (four ? MAPPED_BITS : 0));
}

bool pat_network_has(const struct pat_network *network, const struct pat_address *address)
{
	uint32_t whole = network->bits / 8;

	if (memcmp(network->address.bytes, address->bytes, whole) != 0)
		return false;
	return network->bits % 8 == 0 || ((network->address.bytes[whole] ^ address->bytes[whole]) &
	                                  mask(network->bits, whole)) == 0;
}
