/* SPDX-License-Identifier: Apache-2.0
 *
 * The push scanner: a state machine that can stop after any byte and go on with the next piece.
 *
 * What a newcomer would get wrong: there is no second, faster path for tokens that lie in one piece, which could differ
 * from the first. A text or number that is whole and has no escapes is handed over where it stands; what has been read
 * of one when a piece ends, or before an escape, is kept in `text`, and the token goes on there.
 */
#include "base/scan.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/chars.h"

/* What comes next. */
enum state {
	VALUE,
	FIRST_VALUE, /* or the end of the array */
	KEY,
	FIRST_KEY, /* or the end of the object */
	COLON,
	NEXT, /* a comma, or the end of what is open */
	END,  /* nothing more */
	IN_TEXT,
	IN_NUMBER,
	IN_WORD,
};

/* `token_state` of a text. */
enum {
	TEXT_PLAIN,
	TEXT_UTF8,   /* the rest of a sequence */
	TEXT_ESCAPE, /* what follows a backslash */
	TEXT_HEX,    /* the digits of \u */
	TEXT_PAIR,   /* the backslash of a second half */
};

/* `token_state` of a number: what was read last. */
enum {
	NUMBER_MINUS,
	NUMBER_ZERO, /* the whole part is 0 */
	NUMBER_WHOLE,
	NUMBER_POINT,
	NUMBER_FRACTION,
	NUMBER_E,
	NUMBER_E_SIGN,
	NUMBER_EXPONENT,
};

void pat_scan_init(struct pat_scan *scan, pat_scan_fn *fn, void *arg)
{
	*scan = (struct pat_scan){ .fn = fn, .arg = arg, .line = 1, .state = VALUE };
}

void pat_scan_where(const struct pat_scan *scan, const struct pat_scan_token *token,
                    uint64_t *ret_line, uint64_t *ret_column)
{
	*ret_line = scan->line;
	*ret_column = token->begin - scan->line_at + 1;
}

static uint64_t offset(const struct pat_scan *scan, const uint8_t *p)
{
	return scan->at + (uint64_t)(p - scan->piece);
}

/* ---- All that reads returns where to go on, or NULL when the scan is over: then `result` says why. */

static const uint8_t *fail_at(struct pat_scan *scan, uint64_t at, const char *what)
{
	scan->fault = (struct pat_scan_fault){
		.what = what, .at = at, .line = scan->line, .column = at - scan->line_at + 1
	};
	scan->result = PAT_SCAN_E_MALFORMED;
	return NULL;
}

/* The byte at `p` can not be there. */
static const uint8_t *fail(struct pat_scan *scan, const uint8_t *p, const char *what)
{
	return fail_at(scan, offset(scan, p), what);
}

static bool in_object(const struct pat_scan *scan)
{
	unsigned level = scan->depth - 1;

	return scan->nesting[level / 64] >> (level % 64) & 1;
}

static const uint8_t *hand_over(struct pat_scan *scan, const struct pat_scan_token *token,
                                const uint8_t *next)
{
	scan->result = scan->fn(scan->arg, token);
	return scan->result == 0 ? next : NULL;
}

/* A value that is no container ends before `next`. */
static const uint8_t *value_ends(struct pat_scan *scan, enum pat_scan_kind kind, const char *text,
                                 size_t text_len, const uint8_t *next)
{
	struct pat_scan_token token = {
		.kind = kind,
		.depth = scan->depth,
		.begin = scan->token_at,
		.end = offset(scan, next),
		.text = text,
		.text_len = text_len,
		.cut = scan->cut,
	};

	scan->state = kind == PAT_SCAN_KEY ? COLON : scan->depth > 0 ? NEXT : END;
	return hand_over(scan, &token, next);
}

/* ---- Texts and numbers. */

static void token_begins(struct pat_scan *scan, const uint8_t *p, enum state state,
                         unsigned token_state)
{
	scan->state = state;
	scan->token_state = token_state;
	scan->token_at = offset(scan, p);
	scan->text_len = 0;
	scan->cut = false;
}

/* Keeps what has been read of a token and can not be handed over where it stands. */
static void keep(struct pat_scan *scan, const void *bytes, size_t len)
{
	size_t room = PAT_SCAN_TEXT_MAX - scan->text_len;

	if (len > room) {
		scan->cut = true;
		len = room;
	}
	if (len > 0)
		memcpy(scan->text + scan->text_len, bytes, len); /* UNSAFE: no more than the room */
	scan->text_len += len;
}

/* The text of a token whose last bytes are [run, end), and those before it are kept. */
static const char *whole_text(struct pat_scan *scan, const uint8_t *run, const uint8_t *end,
                              size_t *ret_len)
{
	size_t len = (size_t)(end - run);

	if (scan->text_len > 0 || len > PAT_SCAN_TEXT_MAX) {
		keep(scan, run, len);
		*ret_len = scan->text_len;
		return scan->text;
	}
	*ret_len = len;
	return (const char *)run;
}

static const uint8_t *text_ends(struct pat_scan *scan, const uint8_t *run, const uint8_t *quote)
{
	size_t len = 0;
	const char *text = whole_text(scan, run, quote, &len);

	return value_ends(scan, scan->is_key ? PAT_SCAN_KEY : PAT_SCAN_STRING, text, len,
	                  quote + 1);
}

/* What is not just part of a text: quotes, backslashes, control characters, and all beyond ASCII. */
static inline pat_chars_are not_plain(pat_chars c)
{
	return ((pat_chars_are)c < 0x20) | (c == '"') | (c == '\\');
}

/* Table 3-7 of Unicode 15: what may begin a sequence, and what may follow its first byte. */
static const char *utf8_begins(struct pat_scan *scan, uint8_t c)
{
	scan->utf8_left = c < 0xe0 ? 1 : c < 0xf0 ? 2 : 3;
	scan->utf8_low = c == 0xe0 ? 0xa0 : c == 0xf0 ? 0x90 : 0x80;
	scan->utf8_high = c == 0xed ? 0x9f : c == 0xf4 ? 0x8f : 0xbf;
	scan->token_state = TEXT_UTF8;
	return c >= 0xc2 && c <= 0xf4 ? NULL : "this is not UTF-8";
}

static const char *utf8_goes_on(struct pat_scan *scan, uint8_t c)
{
	bool ok = c >= scan->utf8_low && c <= scan->utf8_high;

	scan->utf8_low = 0x80;
	scan->utf8_high = 0xbf;
	if (--scan->utf8_left == 0)
		scan->token_state = TEXT_PLAIN;
	return ok ? NULL : "this is not UTF-8";
}

static void keep_char(struct pat_scan *scan, uint32_t c)
{
	static const uint8_t first[] = { 0, 0x00, 0xc0, 0xe0, 0xf0 }; /* by the length */
	size_t len = c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
	uint8_t utf8[4] = { 0 };

	for (size_t i = len - 1; i > 0; i--, c >>= 6)
		utf8[i] = (uint8_t)(0x80 | (c & 0x3f));
	utf8[0] = (uint8_t)(first[len] | c);
	keep(scan, utf8, len);
}

/* The four digits of \u are read. Words when they can not be. */
static const char *unit_ends(struct pat_scan *scan)
{
	uint32_t unit = scan->unit;
	bool is_high = unit >= 0xd800 && unit <= 0xdbff;
	bool is_low = unit >= 0xdc00 && unit <= 0xdfff;

	if (is_low != (scan->high != 0))
		return "half of a surrogate pair stands alone";
	if (is_high) {
		scan->high = unit;
		scan->token_state = TEXT_PAIR;
		return NULL;
	}
	if (is_low)
		unit = 0x10000 + ((scan->high - 0xd800) << 10) + (unit - 0xdc00);
	keep_char(scan, unit);
	scan->high = 0;
	scan->token_state = TEXT_PLAIN;
	return NULL;
}

static const char *hex_goes_on(struct pat_scan *scan, uint8_t c)
{
	uint8_t letter = (uint8_t)((c | 0x20) - 'a');
	uint32_t digit = (uint8_t)(c - '0') < 10 ? (uint32_t)(c - '0') : 10u + letter;

	if ((uint8_t)(c - '0') >= 10 && letter >= 6)
		return "\\u needs four hexadecimal digits";
	scan->unit = scan->unit << 4 | digit;
	return ++scan->n_hex == 4 ? unit_ends(scan) : NULL;
}

static const char *escape_goes_on(struct pat_scan *scan, uint8_t c)
{
	static const char letters[] = "\"\\/bfnrt";
	static const char meant[] = "\"\\/\b\f\n\r\t";
	const char *letter = c ? strchr(letters, c) : NULL;

	if (c == 'u') {
		scan->token_state = TEXT_HEX;
		scan->n_hex = 0;
		scan->unit = 0;
		return NULL;
	}
	if (scan->high != 0)
		return "half of a surrogate pair stands alone";
	if (!letter)
		return "this character can not follow a backslash";
	keep(scan, &meant[letter - letters], 1);
	scan->token_state = TEXT_PLAIN;
	return NULL;
}

/* One byte that is not just part of the text. Words when it can not be there. */
static const char *special_goes_on(struct pat_scan *scan, uint8_t c)
{
	switch (scan->token_state) {
	case TEXT_PLAIN:
		if (c < 0x20)
			return "in a text, a control character must be written as an escape";
		if (c >= 0x80)
			return utf8_begins(scan, c);
		scan->token_state = TEXT_ESCAPE;
		return NULL;
	case TEXT_UTF8:
		return utf8_goes_on(scan, c);
	case TEXT_HEX:
		return hex_goes_on(scan, c);
	case TEXT_PAIR:
		scan->token_state = TEXT_ESCAPE;
		return c == '\\' ? NULL : "half of a surrogate pair stands alone";
	default:
		return escape_goes_on(scan, c);
	}
}

/* `run` is the first byte that is not kept yet. */
static const uint8_t *text_goes_on(struct pat_scan *scan, const uint8_t *run, const uint8_t *end)
{
	for (const uint8_t *p = run; p < end; p++) {
		bool is_escape = scan->token_state > TEXT_UTF8;

		if (scan->token_state == TEXT_PLAIN) {
			p += pat_chars_find((const char *)p, (size_t)(end - p), not_plain);
			if (p == end)
				break;
			if (*p == '"')
				return text_ends(scan, run, p);
			is_escape = *p == '\\';
			if (is_escape)
				keep(scan, run, (size_t)(p - run));
		}
		const char *wrong = special_goes_on(scan, *p);
		if (wrong)
			return fail(scan, p, wrong);
		if (is_escape)
			run = p + 1;
	}
	keep(scan, run, (size_t)(end - run));
	return end;
}

static bool is_digit(uint8_t c)
{
	return (uint8_t)(c - '0') < 10;
}

/* Whether a number is one to its readers: beyond a double it is infinite to some, and others refuse it. What can not be so
 * large is not converted. The program never leaves the "C" locale, where strtod reads what JSON writes. */
static const char *number_fits(struct pat_scan *scan, const char *text, size_t len)
{
	if (scan->cut)
		return "a number is longer than 1024 characters";
	if (scan->whole_digits <= 200 && scan->exponent_digits <= 2)
		return NULL;
	if (text != scan->text)
		keep(scan, text, len); /* for the NUL */
	scan->text[scan->text_len] = '\0';
	return isinf(strtod(scan->text, NULL)) ? "a number is larger than any double" : NULL;
}

/* A number ends before `next`, which does not belong to it. */
static const uint8_t *number_ends(struct pat_scan *scan, const uint8_t *run, const uint8_t *next)
{
	unsigned state = scan->token_state;
	size_t len = 0;

	if (state != NUMBER_ZERO && state != NUMBER_WHOLE && state != NUMBER_FRACTION &&
	    state != NUMBER_EXPONENT)
		return fail(scan, next, "a digit is missing");
	const char *text = whole_text(scan, run, next, &len);
	const char *wrong = number_fits(scan, text, len);
	if (wrong)
		return fail_at(scan, scan->token_at, wrong);
	return value_ends(scan, PAT_SCAN_NUMBER, text, len, next);
}

/* `n` digits are read. */
static void digits_end(struct pat_scan *scan, size_t n)
{
	switch (scan->token_state) {
	case NUMBER_MINUS:
	case NUMBER_WHOLE:
		scan->token_state = NUMBER_WHOLE;
		scan->whole_digits += n;
		break;
	case NUMBER_POINT:
		scan->token_state = NUMBER_FRACTION;
		break;
	case NUMBER_E:
	case NUMBER_E_SIGN:
	case NUMBER_EXPONENT:
		scan->token_state = NUMBER_EXPONENT;
		scan->exponent_digits += n;
		break;
	default:
		break;
	}
}

/* What stands between digits: whether `c` goes on with the number. */
static bool mark_goes_on(struct pat_scan *scan, uint8_t c)
{
	unsigned state = scan->token_state;
	bool is_whole = state == NUMBER_ZERO || state == NUMBER_WHOLE;

	if (c == '0' && state == NUMBER_MINUS)
		scan->token_state = NUMBER_ZERO;
	else if (c == '.' && is_whole)
		scan->token_state = NUMBER_POINT;
	else if ((c | 0x20) == 'e' && (is_whole || state == NUMBER_FRACTION))
		scan->token_state = NUMBER_E;
	else if ((c == '+' || c == '-') && state == NUMBER_E)
		scan->token_state = NUMBER_E_SIGN;
	else
		return false;
	return true;
}

/* `run` is the first byte that is not kept yet, `p` the first that is not read. */
static const uint8_t *number_goes_on(struct pat_scan *scan, const uint8_t *run, const uint8_t *p,
                                     const uint8_t *end)
{
	while (p < end) {
		const uint8_t *digits = p;

		if (scan->token_state == NUMBER_ZERO && is_digit(*p))
			return fail(scan, p, "a number can not begin with 0");
		if (scan->token_state != NUMBER_MINUS || *p != '0')
			while (p < end && is_digit(*p))
				p++;
		if (p > digits)
			digits_end(scan, (size_t)(p - digits));
		else if (mark_goes_on(scan, *p))
			p++;
		else
			return number_ends(scan, run, p);
	}
	keep(scan, run, (size_t)(end - run));
	return end;
}

static const uint8_t *number_begins(struct pat_scan *scan, const uint8_t *p, const uint8_t *end)
{
	token_begins(scan, p, IN_NUMBER, NUMBER_MINUS);
	scan->whole_digits = 0;
	scan->exponent_digits = 0;
	return number_goes_on(scan, p, *p == '-' ? p + 1 : p, end);
}

static const uint8_t *word_goes_on(struct pat_scan *scan, const uint8_t *p, const uint8_t *end)
{
	for (; p < end && *scan->word; p++)
		if (*p != (uint8_t)*scan->word++)
			return fail(scan, p, "only true, false and null can stand without quotes");
	return *scan->word ? end : value_ends(scan, scan->word_kind, NULL, 0, p);
}

static const uint8_t *word_begins(struct pat_scan *scan, const uint8_t *p, const uint8_t *end,
                                  enum pat_scan_kind kind)
{
	token_begins(scan, p, IN_WORD, 0);
	scan->word = kind == PAT_SCAN_TRUE ? "true" : kind == PAT_SCAN_FALSE ? "false" : "null";
	scan->word_kind = kind;
	return word_goes_on(scan, p, end);
}

static const uint8_t *text_begins(struct pat_scan *scan, const uint8_t *p, const uint8_t *end,
                                  bool is_key)
{
	token_begins(scan, p, IN_TEXT, TEXT_PLAIN);
	scan->is_key = is_key;
	return text_goes_on(scan, p + 1, end);
}

/* ---- Objects and arrays. */

static const uint8_t *bracket(struct pat_scan *scan, enum pat_scan_kind kind, const uint8_t *p)
{
	uint64_t at = offset(scan, p);
	struct pat_scan_token token = {
		.kind = kind, .depth = scan->depth, .begin = at, .end = at + 1
	};

	return hand_over(scan, &token, p + 1);
}

static const uint8_t *opens(struct pat_scan *scan, const uint8_t *p)
{
	bool object = *p == '{';
	unsigned level = scan->depth;
	uint64_t bit = UINT64_C(1) << (level % 64);

	if (level == PAT_SCAN_DEPTH_MAX)
		return fail(scan, p, "more than 1024 objects and arrays stand within each other");
	p = bracket(scan, object ? PAT_SCAN_OBJECT : PAT_SCAN_ARRAY, p);
	scan->nesting[level / 64] &= ~bit;
	scan->nesting[level / 64] |= object ? bit : 0;
	scan->depth++;
	scan->state = object ? FIRST_KEY : FIRST_VALUE;
	return p;
}

static const uint8_t *closes(struct pat_scan *scan, const uint8_t *p)
{
	scan->depth--;
	scan->state = scan->depth > 0 ? NEXT : END;
	return bracket(scan, *p == '}' ? PAT_SCAN_OBJECT_END : PAT_SCAN_ARRAY_END, p);
}

static const uint8_t *value_begins(struct pat_scan *scan, const uint8_t *p, const uint8_t *end)
{
	switch (*p) {
	case '"':
		return text_begins(scan, p, end, false);
	case '{':
	case '[':
		return opens(scan, p);
	case 't':
		return word_begins(scan, p, end, PAT_SCAN_TRUE);
	case 'f':
		return word_begins(scan, p, end, PAT_SCAN_FALSE);
	case 'n':
		return word_begins(scan, p, end, PAT_SCAN_NULL);
	default:
		break;
	}
	if (*p == '-' || is_digit(*p))
		return number_begins(scan, p, end);
	if (*p == 0xef && offset(scan, p) == 0)
		return fail(scan, p, "a byte order mark stands before the text");
	return fail(scan, p, "a value is missing");
}

static const uint8_t *comma_or_end(struct pat_scan *scan, const uint8_t *p)
{
	bool object = in_object(scan);

	if (*p == (object ? '}' : ']'))
		return closes(scan, p);
	if (*p != ',')
		return fail(scan, p,
		            object ? "a comma or } is missing" : "a comma or ] is missing");
	scan->state = object ? KEY : VALUE;
	return p + 1;
}

static const uint8_t *space_ends(struct pat_scan *scan, const uint8_t *p, const uint8_t *end)
{
	for (; p < end; p++) {
		if (*p == '\n') {
			scan->line++;
			scan->line_at = offset(scan, p) + 1;
		} else if (*p != ' ' && *p != '\r' && *p != '\t') {
			break;
		}
	}
	return p;
}

static const uint8_t *token_or_mark(struct pat_scan *scan, const uint8_t *p, const uint8_t *end)
{
	switch (scan->state) {
	case VALUE:
		return value_begins(scan, p, end);
	case FIRST_VALUE:
		return *p == ']' ? closes(scan, p) : value_begins(scan, p, end);
	case KEY:
	case FIRST_KEY:
		if (*p == '"')
			return text_begins(scan, p, end, true);
		if (*p == '}' && scan->state == FIRST_KEY)
			return closes(scan, p);
		return fail(scan, p, "a key in quotes is missing");
	case COLON:
		scan->state = VALUE;
		return *p == ':' ? p + 1 : fail(scan, p, "a colon is missing after the key");
	case NEXT:
		return comma_or_end(scan, p);
	default:
		return fail(scan, p, "something follows after the end");
	}
}

static const uint8_t *goes_on(struct pat_scan *scan, const uint8_t *p, const uint8_t *end)
{
	switch (scan->state) {
	case IN_TEXT:
		return text_goes_on(scan, p, end);
	case IN_NUMBER:
		return number_goes_on(scan, p, p, end);
	case IN_WORD:
		return word_goes_on(scan, p, end);
	default:
		p = space_ends(scan, p, end);
		return p < end ? token_or_mark(scan, p, end) : end;
	}
}

int pat_scan_feed(struct pat_scan *scan, const void *bytes, size_t len)
{
	if (scan->result != 0 || len == 0)
		return scan->result;

	const uint8_t *p = bytes;
	const uint8_t *end = p + len;

	scan->piece = p;
	while (p && p < end)
		p = goes_on(scan, p, end);
	scan->at += len;
	scan->piece = NULL;
	return scan->result;
}

int pat_scan_finish(struct pat_scan *scan)
{
	static const uint8_t end[1];

	if (scan->result != 0)
		return scan->result;
	scan->piece = end;
	if (scan->state == IN_NUMBER && !number_ends(scan, end, end))
		return scan->result;
	if (scan->state == IN_TEXT)
		(void)fail(scan, end, "the text ends within quotes");
	else if (scan->state != END && scan->depth > 0)
		(void)fail(scan, end, "the text ends too early");
	else if (scan->state != END)
		(void)fail(scan, end, "there is no value");
	return scan->result;
}
