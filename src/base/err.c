/* SPDX-License-Identifier: Apache-2.0
 *
 * The operator's sentence.
 */
#include "base/err.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

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

const char *pat_err_words(int error)
{
	const char *words = strerrordesc_np(error < 0 ? -error : error);

	return words ? words : "unknown error";
}
