/* SPDX-License-Identifier: Apache-2.0
 *
 * Clocks and RFC 3339. The parser is strict about shape (two digits are two digits), because
 * sscanf and strptime accept signs and spaces that the RFC does not.
 */
#include "base/clock.h"

#include <errno.h>
#include <time.h>

#include "base/provoke.h"

int64_t pat_clock_wall_s(void)
{
	struct timespec ts;

	(void)clock_gettime(CLOCK_REALTIME, &ts);
	return ts.tv_sec;
}

uint64_t pat_clock_boot_ns(void)
{
	struct timespec ts;

	(void)clock_gettime(CLOCK_BOOTTIME, &ts);
	return pat_clock_skewed((uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec);
}

void pat_clock_cond_init(pthread_cond_t *cond)
{
	pthread_condattr_t attr;

	(void)pthread_condattr_init(&attr);
	(void)pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	(void)pthread_cond_init(cond, &attr);
	(void)pthread_condattr_destroy(&attr);
}

#define TIME_MAX_S 253402300799 /* 9999-12-31T23:59:59Z */

/* Two digits and what stands behind them. */
static char *digits_write(char *out, unsigned v, char after)
{
	out[0] = (char)('0' + v / 10);
	out[1] = (char)('0' + v % 10);
	out[2] = after;
	return out + 3;
}

/* By arithmetic: every answer to a token that expires says when, and gmtime_r() with strftime() take 1,400 instructions and
 * the time zone's lock for it. Years are counted from March, so that a leap day is the last of its year, and eras of 400 years
 * are alike (H. Hinnant, "chrono-Compatible Low-Level Date Algorithms", civil_from_days). */
void pat_time_format(int64_t t, char out[static PAT_TIME_TEXT_BYTES])
{
	uint64_t clamped = (uint64_t)(t < 0 ? 0 : t > TIME_MAX_S ? TIME_MAX_S : t);
	unsigned second = (unsigned)(clamped % 86400);
	unsigned day = (unsigned)(clamped / 86400) + 719468; /* since 0000-03-01 */
	unsigned era = day / 146097;
	unsigned day_of_era = day % 146097;
	unsigned year =
		(day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
	unsigned day_of_year = day_of_era - (365 * year + year / 4 - year / 100);
	unsigned month = (5 * day_of_year + 2) / 153; /* 0 is March */
	bool next_year = month >= 10;

	year += era * 400 + next_year;
	out = digits_write(out, year / 100, '0') - 1;
	out = digits_write(out, year % 100, '-');
	out = digits_write(out, next_year ? month - 9 : month + 3, '-');
	out = digits_write(out, day_of_year - (153 * month + 2) / 5 + 1, 'T');
	out = digits_write(out, second / 3600, ':');
	out = digits_write(out, second / 60 % 60, ':');
	(void)digits_write(out, second % 60, 'Z');
	out[3] = '\0';
}

/* Reads `n` digits at *p and moves past them; -1 if they are not digits. */
static int digits(const char **p, int n)
{
	int v = 0;

	for (int i = 0; i < n; i++, (*p)++) {
		if (**p < '0' || **p > '9')
			return -1;
		v = v * 10 + (**p - '0');
	}
	return v;
}

static bool literal(const char **p, char c)
{
	if (**p != c)
		return false;
	(*p)++;
	return true;
}

/* "Z" or "+hh:mm" / "-hh:mm", and nothing after it; the offset in seconds. */
static int parse_zone(const char *p, int *ret_offset_s)
{
	int sign = *p == '-' ? -1 : 1;

	if (*p == 'Z' || *p == 'z') {
		*ret_offset_s = 0;
		return p[1] == '\0' ? 0 : -EINVAL;
	}
	if (*p != '+' && *p != '-')
		return -EINVAL;
	p++;
	int hour = digits(&p, 2);
	if (hour < 0 || hour > 23 || !literal(&p, ':'))
		return -EINVAL;
	int minute = digits(&p, 2);
	if (minute < 0 || minute > 59 || *p != '\0')
		return -EINVAL;
	*ret_offset_s = sign * (hour * 3600 + minute * 60);
	return 0;
}

static bool day_exists(int year, int month, int day)
{
	static const int days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
	bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;

	if (year < 1970 || month < 1 || month > 12 || day < 1)
		return false;
	return day <= days[month - 1] + (month == 2 && leap);
}

int pat_time_parse(const char *text, int64_t *ret)
{
	const char *p = text;
	struct tm tm = { 0 };
	int offset_s = 0;

	int year = digits(&p, 4);
	if (year < 0 || !literal(&p, '-'))
		return -EINVAL;
	int month = digits(&p, 2);
	if (month < 0 || !literal(&p, '-'))
		return -EINVAL;
	int day = digits(&p, 2);
	if (!day_exists(year, month, day) || (!literal(&p, 'T') && !literal(&p, 't')))
		return -EINVAL;
	tm.tm_hour = digits(&p, 2);
	if (tm.tm_hour < 0 || tm.tm_hour > 23 || !literal(&p, ':'))
		return -EINVAL;
	tm.tm_min = digits(&p, 2);
	if (tm.tm_min < 0 || tm.tm_min > 59 || !literal(&p, ':'))
		return -EINVAL;
	tm.tm_sec = digits(&p, 2);
	if (tm.tm_sec < 0 || tm.tm_sec > 59)
		return -EINVAL;
	if (literal(&p, '.')) {
		if (digits(&p, 1) < 0)
			return -EINVAL;
		while (*p >= '0' && *p <= '9')
			p++;
	}
	if (parse_zone(p, &offset_s) < 0)
		return -EINVAL;
	tm.tm_year = year - 1900;
	tm.tm_mon = month - 1;
	tm.tm_mday = day;
	*ret = (int64_t)timegm(&tm) - offset_s;
	return *ret < 0 ? -EINVAL : 0;
}
