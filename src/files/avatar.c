/* SPDX-License-Identifier: Apache-2.0
 *
 * A disc in the person's colour with the outline of head and shoulders.
 */
#include "files/avatar.h"

#include <string.h>

/* Reads "<id>.svg": 1 to 18 digits, no leading zero. */
static bool parse_file(const char *file, uint64_t *ret_id)
{
	uint64_t id = 0;
	size_t digits = strspn(file, "0123456789");

	if (digits == 0 || digits > 18 || file[0] == '0' || strcmp(file + digits, ".svg") != 0)
		return false;
	for (size_t i = 0; i < digits; i++)
		id = id * 10 + (uint64_t)(file[i] - '0');
	*ret_id = id;
	return true;
}

int pat_files_avatar(const char *file, struct pat_buf *out)
{
	uint64_t id = 0;

	if (!parse_file(file, &id))
		return PAT_FILES_E_NOT_FOUND;
	/* Steps of the golden angle keep the colours of neighbouring ids apart. */
	return pat_buf_addf(
		out,
		"<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 96 96\" width=\"96\" height=\"96\">"
		"<circle cx=\"48\" cy=\"48\" r=\"48\" fill=\"hsl(%u,45%%,45%%)\"/>"
		"<circle cx=\"48\" cy=\"38\" r=\"15\" fill=\"#fff\"/>"
		"<path d=\"M20 80a28 24 0 0 1 56 0z\" fill=\"#fff\"/></svg>\n",
		(unsigned)(id % 360 * 137 % 360));
}
