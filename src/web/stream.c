/* SPDX-License-Identifier: Apache-2.0 */
#include "web/stream.h"

#include <errno.h>
#include <string.h>

#include "base/clock.h"
#include "web/scgi.h"

static ssize_t take_first(struct pat_inflow *inflow, void *out, size_t max)
{
	size_t n = inflow->first_len < max ? inflow->first_len : max;

	memcpy(out, inflow->first, n); /* UNSAFE: n fits both */
	inflow->first += n;
	inflow->first_len -= n;
	inflow->left -= n;
	return (ssize_t)n;
}

ssize_t pat_inflow_read(struct pat_inflow *inflow, void *out, size_t max)
{
	size_t got = 0;

	if (inflow->left == 0 || max == 0)
		return 0;
	if (inflow->first_len > 0)
		return take_first(inflow, out, max);
	if (max > inflow->left)
		max = (size_t)inflow->left;
	uint64_t deadline_ns = pat_clock_boot_ns() + inflow->idle_ns;
	if (deadline_ns > inflow->ends_ns)
		deadline_ns = inflow->ends_ns;
	int r = pat_scgi_receive(inflow->fd, deadline_ns, out, max, &got);
	if (r != 0)
		return r == PAT_SCGI_E_TIMEOUT ? -ETIMEDOUT : r > 0 ? -ECONNRESET : r;
	inflow->left -= got;
	return (ssize_t)got;
}
