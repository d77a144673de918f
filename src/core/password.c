/* SPDX-License-Identifier: Apache-2.0
 *
 * The rules follow NIST SP 800-63B-4: length and a blocklist, no composition rules, no expiry, every
 * byte counts. A blocklist of short words says nothing about fifteen characters by itself, so the
 * password is also looked up without the digits and signs around it, and as a word repeated.
 */
#include "core/password.h"

#include <assert.h>
#include <ctype.h>
#include <errno.h>
#include <pthread.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/crypto.h"
#include "base/utf8.h"
#include "core/core.h"

#define COMMON_MAX      20000
#define COMMON_LINE_MAX 128
#define PERSONAL_MIN    4 /* shorter names are no reason to refuse a password */

/* Those who wait for a hand. Hands are handed on, so nobody who comes just then takes one from somebody who waits. */
struct line {
	pthread_cond_t turn;
	unsigned waiting;
	unsigned granted; /* of those who wait, they may go and have not yet woken */
};

struct pat_password {
	struct pat_password_config config;
	char **common; /* sorted, lower case */
	size_t n_common;
	char nobody[crypto_pwhash_STRBYTES];
	pthread_mutex_t lock; /* what follows */
	unsigned running;
	struct line known;
	struct line strangers;
};

static int compare_texts(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static void lower(char *text)
{
	for (; *text; text++)
		*text = (char)tolower((unsigned char)*text);
}

static int common_load(struct pat_password *p, const char *path, struct pat_err *err)
{
	char line[COMMON_LINE_MAX];
	FILE *f = fopen(path, "re");

	if (!f)
		return pat_err_set(err, -errno, "cannot read the list of common passwords %s: %s",
		                   path, pat_err_words(errno));
	p->common = calloc(COMMON_MAX, sizeof(*p->common));
	while (p->common && p->n_common < COMMON_MAX && fgets(line, sizeof(line), f)) {
		line[strcspn(line, "\r\n")] = '\0';
		if (line[0] == '#' || line[0] == '\0')
			continue;
		lower(line);
		p->common[p->n_common] = strdup(line);
		if (!p->common[p->n_common])
			break;
		p->n_common++;
	}
	bool whole = p->common && feof(f);
	(void)fclose(f);
	if (!whole)
		return pat_err_set(err, -EINVAL,
		                   "%s: not a list of common passwords, or longer than %d", path,
		                   COMMON_MAX);
	qsort(p->common, p->n_common, sizeof(*p->common), compare_texts);
	return 0;
}

static bool common_has(const struct pat_password *p, const char *text)
{
	return p->n_common > 0 &&
	       bsearch(&text, p->common, p->n_common, sizeof(*p->common), compare_texts) != NULL;
}

/* ---- The bounded hands. */

/* Whether there is a place left to wait in. Strangers have all but those that are kept. */
static bool has_place(const struct pat_password *p, const struct line *line)
{
	unsigned places = p->config.waiting;
	unsigned kept = places / PAT_PASSWORD_KEPT;

	if (line == &p->strangers && line->waiting >= places - kept)
		return false;
	return p->known.waiting + p->strangers.waiting < places;
}

static int hands_take(struct pat_password *p, bool known)
{
	struct line *line = known ? &p->known : &p->strangers;
	int r = 0;

	(void)pthread_mutex_lock(&p->lock);
	if (p->running < p->config.parallel) {
		p->running++;
	} else if (!has_place(p, line)) {
		r = -EBUSY;
	} else {
		line->waiting++;
		while (line->granted == 0)
			(void)pthread_cond_wait(&line->turn, &p->lock);
		line->granted--;
		line->waiting--;
	}
	(void)pthread_mutex_unlock(&p->lock);
	return r;
}

static bool grant(struct line *line)
{
	if (line->waiting == line->granted)
		return false;
	line->granted++;
	(void)pthread_cond_signal(&line->turn);
	return true;
}

static void hands_give(struct pat_password *p)
{
	(void)pthread_mutex_lock(&p->lock);
	if (!grant(&p->known) && !grant(&p->strangers))
		p->running--;
	(void)pthread_mutex_unlock(&p->lock);
}

int pat_password_hash(struct pat_password *p, bool known, const char *text, size_t len,
                      char ret[static PAT_PHC_BYTES_MAX + 1])
{
	char phc[crypto_pwhash_STRBYTES];
	int r = hands_take(p, known);

	if (r < 0)
		return r;
	int failed = crypto_pwhash_str_alg(phc, text, len, p->config.passes,
	                                   (size_t)p->config.memory_kib * 1024,
	                                   crypto_pwhash_ALG_ARGON2ID13);
	hands_give(p);
	if (failed)
		return -ENOMEM;
	memcpy(ret, phc, sizeof(phc)); /* UNSAFE: PAT_PHC_BYTES_MAX + 1 is crypto_pwhash_STRBYTES */
	return 0;
}

int pat_password_verify(struct pat_password *p, bool known, const char *text, size_t len,
                        const char *phc)
{
	bool nobody = !phc || *phc == '\0';
	int r = hands_take(p, known);

	if (r < 0)
		return r;
	errno = 0;
	int wrong = crypto_pwhash_str_verify(nobody ? p->nobody : phc, text, len);
	int error = errno;
	hands_give(p);
	if (wrong && error == ENOMEM)
		return -ENOMEM;
	return wrong || nobody ? PAT_CORE_E_CREDENTIALS : 0;
}

bool pat_password_outdated(const struct pat_password *p, const char *phc)
{
	return crypto_pwhash_str_needs_rehash(phc, p->config.passes,
	                                      (size_t)p->config.memory_kib * 1024) != 0;
}

/* ---- The rules. */

/* Code points of a UTF-8 text without a NUL, or -1. */
static int count_chars(const char *text, size_t len)
{
	int n = 0;

	for (size_t i = 0; i < len; n++) {
		uint32_t c = 0;
		size_t bytes = pat_utf8_take(text + i, len - i, &c);

		if (bytes == 0 || c == 0)
			return -1;
		i += bytes;
	}
	return n;
}

/* Whether the text is one piece over and over ("abcabcabc", "aaaaaaaa"); cuts it down to the piece. */
static void unrepeat(char *text)
{
	size_t len = strlen(text);

	for (size_t piece = 1; piece <= len / 2; piece++) {
		bool same = len % piece == 0;

		for (size_t i = piece; same && i < len; i++)
			same = text[i] == text[i - piece];
		if (same) {
			text[piece] = '\0';
			return;
		}
	}
}

/* Removes digits, signs and blanks around the word. */
static void undress(char *text)
{
	size_t from = 0;
	size_t to = strlen(text);

	while (from < to && !isalpha((unsigned char)text[from]) && (unsigned char)text[from] < 0x80)
		from++;
	while (to > from && !isalpha((unsigned char)text[to - 1]) &&
	       (unsigned char)text[to - 1] < 0x80)
		to--;
	memmove(text, text + from, to - from); /* UNSAFE: within the text */
	text[to - from] = '\0';
}

/* Runs of neighbours: "abcdefghijklmno", "123456789012345", "987654321098765". */
static bool is_sequence(const char *text)
{
	int up = 0;
	int down = 0;
	int n = 0;

	for (; text[0] && text[1]; text++, n++) {
		int step = text[1] - text[0];

		up += step == 1 || (text[0] == '9' && text[1] == '0');
		down += step == -1 || (text[0] == '0' && text[1] == '9');
	}
	return n > 0 && (up >= n - 1 || down >= n - 1);
}

static bool is_common(const struct pat_password *p, const char *text, size_t len)
{
	char *copy = malloc(len + 1);

	if (!copy)
		return true; /* refuse rather than let a bad one through; the person tries again */
	memcpy(copy, text, len); /* UNSAFE: len + 1 taken */
	copy[len] = '\0';
	lower(copy);
	bool bad = common_has(p, copy) || is_sequence(copy);
	if (!bad) {
		unrepeat(copy);
		bad = strlen(copy) < 4 || common_has(p, copy);
	}
	if (!bad) {
		undress(copy);
		unrepeat(copy);
		bad = common_has(p, copy);
	}
	pat_wipe(copy, len);
	free(copy);
	return bad;
}

/* Whether the password is little more than this word: it holds it, and fewer than eight characters besides. */
static bool leans_on(const char *text, size_t len, const char *word, size_t word_len)
{
	if (word_len < PERSONAL_MIN || word_len > len || len - word_len >= 8)
		return false;
	for (size_t i = 0; i + word_len <= len; i++)
		if (strncasecmp(text + i, word, word_len) == 0)
			return true;
	return false;
}

int pat_password_check(const struct pat_password *p, const char *text, size_t len,
                       const char *email, const char *name)
{
	if (len > PAT_PASSWORD_BYTES_MAX)
		return PAT_CORE_E_PASSWORD_TOO_LONG;
	int chars = count_chars(text, len);
	if (chars < 0)
		return PAT_CORE_E_PASSWORD_BAD_CHARACTERS;
	if (chars < PAT_PASSWORD_CHARS_MIN)
		return PAT_CORE_E_PASSWORD_TOO_SHORT;
	if (leans_on(text, len, email, strlen(email)) ||
	    leans_on(text, len, email, strcspn(email, "@")) ||
	    leans_on(text, len, name, strlen(name)))
		return PAT_CORE_E_PASSWORD_IS_PERSONAL;
	return is_common(p, text, len) ? PAT_CORE_E_PASSWORD_TOO_COMMON : 0;
}

/* ---- Life. */

static int nobody_make(struct pat_password *p)
{
	struct pat_secret unknown;
	int r = pat_secret_random(&unknown);

	if (r < 0)
		return r;
	r = pat_password_hash(p, true, unknown.text, unknown.len, p->nobody);
	pat_secret_done(&unknown);
	return r;
}

int pat_password_new(const struct pat_password_config *config, struct pat_password **ret,
                     struct pat_err *err)
{
	struct pat_password *p = calloc(1, sizeof(*p));

	static_assert(PAT_PHC_BYTES_MAX + 1 == crypto_pwhash_STRBYTES,
	              "a PHC string fits a person");
	if (!p)
		return pat_err_set(err, -ENOMEM, "out of memory");
	p->config = *config;
	(void)pthread_mutex_init(&p->lock, NULL);
	(void)pthread_cond_init(&p->known.turn, NULL);
	(void)pthread_cond_init(&p->strangers.turn, NULL);
	int r = config->common_file ? common_load(p, config->common_file, err) : 0;
	if (r == 0) {
		r = nobody_make(p);
		if (r < 0)
			(void)pat_err_set(err, r, "argon2id with %u KiB: %s", config->memory_kib,
			                  pat_err_words(r));
	}
	if (r < 0) {
		pat_password_free(p);
		return r;
	}
	*ret = p;
	return 0;
}

void pat_password_free(struct pat_password *p)
{
	if (!p)
		return;
	for (size_t i = 0; i < p->n_common; i++)
		free(p->common[i]);
	free(p->common);
	(void)pthread_cond_destroy(&p->known.turn);
	(void)pthread_cond_destroy(&p->strangers.turn);
	(void)pthread_mutex_destroy(&p->lock);
	free(p);
}
