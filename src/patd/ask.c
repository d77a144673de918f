/* SPDX-License-Identifier: Apache-2.0
 *
 * The terminal is changed for as long as one line takes. Signals are only noted meanwhile: the terminal is put back first, and
 * then the signal does what it always does. After a stop (Ctrl-Z) the question is asked again.
 */
#include "patd/ask.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "base/crypto.h"

static const int signals[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGTSTP };

static volatile sig_atomic_t noted;

static void note(int number)
{
	noted = number;
}

/* Signals as they were, while ours are noted. They come in while we wait and at no other time, so none comes too early to end the
 * wait. */
struct watch {
	struct sigaction actions[PAT_ARRAY_LEN(signals)];
	sigset_t mask;
};

static void watch_begin(struct watch *before)
{
	struct sigaction action = { .sa_handler = note };
	sigset_t ours;

	noted = 0;
	(void)sigemptyset(&ours);
	for (size_t i = 0; i < PAT_ARRAY_LEN(signals); i++) {
		(void)sigaddset(&ours, signals[i]);
		(void)sigaction(signals[i], &action, &before->actions[i]);
	}
	(void)pthread_sigmask(SIG_BLOCK, &ours, &before->mask);
}

static void watch_end(const struct watch *before)
{
	for (size_t i = 0; i < PAT_ARRAY_LEN(signals); i++)
		(void)sigaction(signals[i], &before->actions[i], NULL);
	(void)pthread_sigmask(SIG_SETMASK, &before->mask, NULL);
}

/* A terminal hands out whole lines; what does not fit is read and forgotten. */
static int read_line(const struct watch *watch, char *out, size_t bytes, size_t *ret_len)
{
	struct pollfd terminal = { .fd = STDIN_FILENO, .events = POLLIN };
	size_t len = 0;

	for (;;) {
		char piece[256];

		if (ppoll(&terminal, 1, NULL, &watch->mask) < 0)
			return -errno;
		ssize_t n = read(STDIN_FILENO, piece, sizeof(piece));
		if (n < 0)
			return -errno;
		const char *end = memchr(piece, '\n', (size_t)n);
		size_t have = end ? (size_t)(end - piece) : (size_t)n;
		size_t take = have < bytes - len ? have : bytes - len;
		memcpy(out + len, piece, take); /* UNSAFE: within what is left of `out` */
		len += take;
		pat_wipe(piece, sizeof(piece));
		if (end || n == 0)
			break;
	}
	*ret_len = len;
	return 0;
}

static int ask_once(const char *words, char *out, size_t bytes, size_t *ret_len)
{
	struct watch before;
	struct termios shown;

	noted = 0;
	if (tcgetattr(STDIN_FILENO, &shown) < 0)
		return -ENOTTY;
	struct termios hidden = shown;
	hidden.c_lflag &= ~(tcflag_t)ECHO;
	hidden.c_lflag |= ECHONL | ICANON | ISIG;
	watch_begin(&before);
	int r = tcsetattr(STDIN_FILENO, TCSAFLUSH, &hidden) < 0 ? -errno : 0;
	if (r == 0) {
		(void)fputs(words, stderr);
		r = read_line(&before, out, bytes, ret_len);
	}
	(void)tcsetattr(STDIN_FILENO, TCSAFLUSH, &shown);
	watch_end(&before);
	return r;
}

int pat_ask_hidden(const char *words, char *out, size_t bytes, size_t *ret_len)
{
	for (;;) {
		int r = ask_once(words, out, bytes, ret_len);

		if (noted == 0)
			return r;
		(void)raise(noted);
		if (noted != SIGTSTP)
			return -EINTR;
	}
}
