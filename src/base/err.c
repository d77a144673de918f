/* SPDX-License-Identifier: Apache-2.0
 *
 * The operator's sentence.
 */
#include "base/err.h"

#include <stdarg.h>
#include <stdio.h>

int pat_err_set(struct pat_err *err, int code, const char *format, ...)
{
	va_list args;

	if (!err)
		return code;
	va_start(args, format);
	(void)vsnprintf(err->text, sizeof(err->text), format, args);
	va_end(args);
	return code;
}
