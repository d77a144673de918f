/* SPDX-License-Identifier: Apache-2.0
 *
 * The log writer. A line that would pass its maximum keeps its event and says that it was cut,
 * rather than being lost.
 */
#include "base/log.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/buf.h"

#define LOG_LINE_BYTES_MAX 8192

static enum pat_log_level log_level = PAT_LOG_INFO;

void pat_log_level_set(enum pat_log_level level)
{
	log_level = level;
}

static void log_head(struct pat_buf *line, enum pat_log_level level, const char *event)
{
	static const char *const names[] = { "debug", "info", "warning", "error" };
	struct timespec ts;
	struct tm tm;
	char when[32];

	(void)clock_gettime(CLOCK_REALTIME, &ts);
	(void)gmtime_r(&ts.tv_sec, &tm);
	(void)strftime(when, sizeof(when), "%Y-%m-%dT%H:%M:%S", &tm);
	(void)pat_buf_addf(line, "{\"time\":\"%s.%03ldZ\",\"level\":\"%s\",\"event\":\"", when,
	                   ts.tv_nsec / 1000000, names[level]);
	(void)pat_buf_add_json(line, event, strlen(event));
	(void)pat_buf_add_str(line, "\"");
}

static void log_pair(struct pat_buf *line, const char *key, const char *value)
{
	(void)pat_buf_add_str(line, ",\"");
	(void)pat_buf_add_json(line, key, strlen(key));
	if (!value) {
		(void)pat_buf_add_str(line, "\":null");
		return;
	}
	(void)pat_buf_add_str(line, "\":\"");
	(void)pat_buf_add_json(line, value, strlen(value));
	(void)pat_buf_add_str(line, "\"");
}

void pat_log(enum pat_log_level level, const char *event, ...)
{
	pat_cleanup(pat_buf_done) struct pat_buf line = { 0 };
	va_list args;

	if (level < log_level)
		return;
	pat_buf_init(&line, LOG_LINE_BYTES_MAX);
	log_head(&line, level, event);
	va_start(args, event);
	for (const char *key = va_arg(args, const char *); key; key = va_arg(args, const char *))
		log_pair(&line, key, va_arg(args, const char *));
	va_end(args);
	(void)pat_buf_add_str(&line, "}\n");
	if (pat_buf_error(&line) != 0) {
		pat_buf_clear(&line);
		log_head(&line, level, event);
		(void)pat_buf_add_str(&line, ",\"cut\":true}\n");
	}
	/* A log that can not be written must not stop the service. */
	ssize_t ignored = write(STDERR_FILENO, pat_buf_str(&line), line.len);
	(void)ignored;
}

const char *pat_num(char out[static PAT_NUM_BYTES], int64_t number)
{
	(void)snprintf(out, PAT_NUM_BYTES, "%lld", (long long)number);
	return out;
}
