/* SPDX-License-Identifier: Apache-2.0
 *
 * The grammar is small: a letter, and then its numbers again and again. What a newcomer would get wrong: numbers need no
 * space between them ("1-2.5.5" is three), the flags of an arc are single digits ("a1 1 0 0110 10"), and after a moveto
 * further pairs are linetos. strtod() is not used: it follows the locale, and knows words and hexadecimal.
 */
#include "files/path.h"

#include <math.h>
#include <string.h>

#define COMMANDS   "MmLlHhVvCcSsQqTtAaZz"
#define VALUES_MAX 7

struct cursor {
	const char *at;
	const char *end;
};

static void skip_space(struct cursor *c)
{
	while (c->at < c->end && *c->at != '\0' && strchr(" \t\r\n\f", *c->at))
		c->at++;
}

static void skip_comma(struct cursor *c)
{
	skip_space(c);
	if (c->at < c->end && *c->at == ',')
		c->at++;
	skip_space(c);
}

static bool is_digit(const struct cursor *c)
{
	return c->at < c->end && *c->at >= '0' && *c->at <= '9';
}

/* Digits, added to `value`; how many there were. */
static unsigned read_digits(struct cursor *c, double *value)
{
	unsigned n = 0;

	for (; is_digit(c); c->at++, n++)
		*value = *value * 10 + (*c->at - '0');
	return n;
}

static bool read_sign(struct cursor *c)
{
	bool minus = c->at < c->end && *c->at == '-';

	if (minus || (c->at < c->end && *c->at == '+'))
		c->at++;
	return minus;
}

/* An exponent is one only with digits: "1em" is a number and a letter. */
static double read_exponent(struct cursor *c)
{
	struct cursor ahead = *c;
	double value = 0;

	if (ahead.at == ahead.end || (*ahead.at != 'e' && *ahead.at != 'E'))
		return 0;
	ahead.at++;
	bool minus = read_sign(&ahead);
	if (read_digits(&ahead, &value) == 0)
		return 0;
	*c = ahead;
	value = fmin(value, 400);
	return minus ? -value : value;
}

static bool read_number(struct cursor *c, double *ret)
{
	struct cursor start = *c;
	double value = 0;
	double fraction = 0;
	bool minus = read_sign(c);
	unsigned digits = read_digits(c, &value);
	unsigned places = 0;

	if (c->at < c->end && *c->at == '.') {
		c->at++;
		/* More places than a double has say nothing. */
		for (; is_digit(c); c->at++, digits++)
			if (places < 18 && ++places)
				fraction = fraction * 10 + (*c->at - '0');
	}
	if (digits == 0) {
		*c = start;
		return false;
	}
	value = (value + fraction * pow(10, -(double)places)) * pow(10, read_exponent(c));
	*ret = minus ? -value : value;
	return true;
}

static bool read_flag(struct cursor *c, double *ret)
{
	if (c->at == c->end || (*c->at != '0' && *c->at != '1'))
		return false;
	*ret = *c->at++ - '0';
	return true;
}

static size_t values_of(char command)
{
	switch (command | 0x20) {
	case 'h':
	case 'v':
		return 1;
	case 'm':
	case 'l':
	case 't':
		return 2;
	case 's':
	case 'q':
		return 4;
	case 'c':
		return 6;
	case 'a':
		return 7;
	default:
		return 0;
	}
}

/* The numbers of one command, each of which a picture can hold. */
static bool read_values(struct cursor *c, char command, double values[static VALUES_MAX])
{
	size_t n = values_of(command);
	bool arc = (command | 0x20) == 'a';

	for (size_t i = 0; i < n; i++) {
		bool flag = arc && (i == 3 || i == 4);

		if (i > 0)
			skip_comma(c);
		if (!(flag ? read_flag(c, &values[i]) : read_number(c, &values[i])))
			return false;
		if (!(fabs(values[i]) <= PAT_SVG_NUMBER_MAX))
			return false;
	}
	return true;
}

/* Reads what a letter begins, until another letter. False: the data ends here. `svg` may be NULL. */
static bool copy_command(struct pat_svg *svg, struct cursor *c, char command)
{
	double values[VALUES_MAX] = { 0 };
	size_t n = values_of(command);

	for (bool first = true;; first = false) {
		struct cursor before = *c;

		if (first)
			skip_space(c);
		else
			skip_comma(c);
		if (n > 0 && !read_values(c, command, values)) {
			*c = before;
			return !first;
		}
		if (svg)
			pat_svg_piece(svg, command, values, n);
		if (n == 0 || (svg && pat_buf_error(svg->out) != 0))
			return n == 0;
		if ((command | 0x20) == 'm')
			command = command == 'm' ? 'l' : 'L';
	}
}

static bool copy(struct pat_svg *svg, const char *data, size_t len)
{
	struct cursor c = { data, data + len };
	unsigned commands = 0;

	for (skip_space(&c); c.at < c.end; skip_space(&c)) {
		char command = *c.at;

		if (command == '\0' || !strchr(COMMANDS, command))
			break;
		if (commands == 0 && (command | 0x20) != 'm')
			break;
		c.at++;
		if (!copy_command(svg, &c, command))
			break;
		/* To know that there is something, two are enough. */
		if (++commands == 2 && !svg)
			break;
	}
	return commands > 0;
}

bool pat_path_write(struct pat_svg *svg, const char *data, size_t len)
{
	return copy(svg, data, len);
}

bool pat_path_ok(const char *data, size_t len)
{
	return copy(NULL, data, len);
}
