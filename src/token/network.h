/* SPDX-License-Identifier: Apache-2.0
 *
 * Networks as CIDR blocks (RFC 4632, RFC 4291 section 2.3). IPv4 is kept as IPv4-mapped IPv6, so that one comparison
 * serves both, and an IPv4 client is the same whether it came to an IPv6 socket or not.
 */
#ifndef PAT_TOKEN_NETWORK_H
#define PAT_TOKEN_NETWORK_H

#include "base/base.h"

#define PAT_NETWORK_TEXT_MAX 50u /* "ffff:…:ffff/128" and its NUL */

struct pat_address {
	uint8_t bytes[16];
};

struct pat_network {
	struct pat_address address; /* its host bits are 0 */
	uint32_t bits;              /* of the 128: an IPv4 /8 has 104 */
};

/* "192.0.2.1", "2001:db8::1", "::ffff:192.0.2.1". -EINVAL; no zone, no brackets. */
int pat_address_parse(const char *text, size_t len, struct pat_address *ret) PAT_MUST_USE;

/* Whether it is an IPv4 address, as they are kept here. */
bool pat_address_is_ipv4(const struct pat_address *address);

/* An address, or an address, "/" and a length. -EINVAL, also when host bits are set: "10.0.0.1/8" means nothing. */
int pat_network_parse(const char *text, size_t len, struct pat_network *ret) PAT_MUST_USE;

/* The one spelling: RFC 5952, always with its length. */
void pat_network_format(const struct pat_network *network, char out[static PAT_NETWORK_TEXT_MAX]);

bool pat_network_has(const struct pat_network *network, const struct pat_address *address);

#endif
