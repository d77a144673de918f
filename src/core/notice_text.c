/* SPDX-License-Identifier: Apache-2.0
 *
 * What stands in the mails. A token is told by its name and its last characters, as in its owner's list; there is nothing here that
 * opens anything.
 */
#include "core/notice.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#define SCOPES_SHOWN 20
#define WHEN_BYTES   48

struct when {
	char text[WHEN_BYTES];
};

/* People are in other zones than the server, which knows of none but this. */
static struct when when_of(int64_t at_s)
{
	struct when when;
	time_t t = (time_t)at_s;
	struct tm tm;

	(void)gmtime_r(&t, &tm);
	(void)strftime(when.text, sizeof(when.text), "%-d %b %Y, %H:%M UTC", &tm);
	return when;
}

/* ---- Lines. */

static void line(struct pat_buf *out, const char *what, const char *text)
{
	if (*text)
		(void)pat_buf_addf(out, "  %-8s %s\n", what, text);
}

static void scopes_line(struct pat_buf *out, const char *scopes)
{
	size_t shown = 0;
	size_t left = 0;

	(void)pat_buf_addf(out, "  %-8s ", "Scopes");
	for (size_t len = 0; *scopes; scopes += len, scopes += strspn(scopes, " ")) {
		len = strcspn(scopes, " ");
		if (shown == SCOPES_SHOWN) {
			left++;
			continue;
		}
		(void)pat_buf_addf(out, "%s%.*s", shown++ ? ", " : "", (int)len, scopes);
	}
	if (left > 0)
		(void)pat_buf_addf(out, " and %zu more", left);
	(void)pat_buf_add_str(out, "\n");
}

static void token_lines(struct pat_buf *out, const struct pat_record *token)
{
	char hint[32];

	(void)snprintf(hint, sizeof(hint), "…%s", token->hint);
	line(out, "Name", token->name);
	line(out, "Token", hint);
	scopes_line(out, token->scopes);
}

/* `from`: whether the address tells anything to who reads this. */
static void audit_lines(struct pat_buf *out, const struct pat_audit *audit, bool from)
{
	line(out, "When", when_of(audit->at_s).text);
	if (!from)
		return;
	line(out, "Address", audit->address);
	line(out, "Browser", audit->agent);
}

/* How something was done that its owner has done, or somebody as them. */
static const char *way_of(const struct pat_audit *audit)
{
	if (strncmp(audit->via, "token:", 6) == 0)
		return "with another token of yours";
	return strcmp(audit->via, "cli") == 0 ? "by whoever runs the server" : "on the pages";
}

static const char *other_of(const struct pat_audit *audit)
{
	if (strncmp(audit->via, "service", 7) == 0)
		return "a program that may end tokens: it may have been found somewhere";
	if (strcmp(audit->via, "system") == 0)
		return "the server itself: it had been revoked before the database was put back from a backup";
	return audit->actor > 0 ? "an administrator" : "whoever runs the server";
}

/* ---- Texts. */

struct writing {
	const struct pat_notice *notice;
	const struct pat_notice_place *place;
	struct pat_mail *mail;
	struct pat_buf *out;
};

#define subject(w, ...) \
	((void)snprintf((w)->mail->subject, sizeof((w)->mail->subject), __VA_ARGS__))

static void write_ending(const struct writing *w)
{
	const struct pat_record *token = &w->notice->token;
	const char *left = w->notice->lead == PAT_LEAD_WEEK ? "7 days" : "1 day";

	subject(w, "Your token \"%s\" ends in %s", token->name, left);
	(void)pat_buf_addf(w->out,
	                   "a token of yours ends on %s. What uses it is refused from then on.\n\n",
	                   when_of(token->expires_s).text);
	token_lines(w->out, token);
	(void)pat_buf_addf(
		w->out,
		"\nGenerate another one in time, if it is still needed:\n%s/settings/security\n",
		w->place->url);
}

static void write_generated(const struct writing *w)
{
	const struct pat_record *token = &w->notice->token;

	subject(w, "A token was generated: \"%s\"", token->name);
	(void)pat_buf_addf(w->out, "a token was generated for your account, %s.\n\n",
	                   way_of(&w->notice->audit));
	token_lines(w->out, token);
	line(w->out, "Ends",
	     token->expires_s == PAT_NEVER ? "never" : when_of(token->expires_s).text);
	audit_lines(w->out, &w->notice->audit, true);
	(void)pat_buf_addf(
		w->out,
		"\nIf this was not you: revoke it, and then change your password.\n%s/settings/security\n",
		w->place->url);
}

static void write_revoked(const struct writing *w)
{
	subject(w, "Your token \"%s\" was revoked", w->notice->token.name);
	(void)pat_buf_addf(w->out,
	                   "a token of yours was revoked by %s.\nNothing accepts it any more.\n\n",
	                   other_of(&w->notice->audit));
	token_lines(w->out, &w->notice->token);
	audit_lines(w->out, &w->notice->audit, false);
	(void)pat_buf_addf(w->out, "\nYour tokens:\n%s/settings/security\n", w->place->url);
}

static void write_sign_in(const struct writing *w)
{
	subject(w, "Somebody has signed in as you");
	(void)pat_buf_add_str(w->out, "somebody has signed in to your account.\n\n");
	audit_lines(w->out, &w->notice->audit, true);
	(void)pat_buf_addf(
		w->out,
		"\nIf this was not you: change your password, and end the session.\n%s/settings/security\n",
		w->place->url);
}

static void write_password(const struct writing *w)
{
	bool own = w->notice->audit.actor == w->notice->person.id;

	subject(w, "Your password was changed");
	(void)pat_buf_addf(w->out, "the password of your account was changed, %s.\n\n",
	                   way_of(&w->notice->audit));
	audit_lines(w->out, &w->notice->audit, own);
	(void)pat_buf_addf(
		w->out,
		"\nIf you did not expect this: ask whoever runs the server for help at once.\n%s\n",
		w->place->url);
}

static void write_email(const struct writing *w)
{
	bool former = w->notice->kind == PAT_NOTICE_EMAIL_FORMER;

	subject(w, "Your email address was changed");
	(void)pat_buf_add_str(
		w->out,
		former ? "your account no longer has this email address: it was changed.\n\n"
		       : "your account has this email address now. You sign in with it.\n\n");
	audit_lines(w->out, &w->notice->audit, true);
	(void)pat_buf_addf(
		w->out,
		"\nIf this was not you: ask whoever runs the server for help at once.\n%s\n",
		w->place->url);
}

/* ---- The mail. */

/* Where a database is put back from a backup, numbers of records come again: its time tells one from the other. */
static void id_make(const struct writing *w)
{
	const struct pat_notice *n = w->notice;
	char tid[PAT_TID_CHARS + 1];
	struct pat_mail *mail = w->mail;

	if (n->kind == PAT_NOTICE_ENDING) {
		pat_record_tid(n->token.digest, tid);
		(void)snprintf(mail->id, sizeof(mail->id), "patd.%s.ends.%s.%d",
		               w->place->installation, tid, n->lead == PAT_LEAD_WEEK ? 7 : 1);
		return;
	}
	(void)snprintf(mail->id, sizeof(mail->id), "patd.%s.audit.%" PRId64 ".%" PRId64 "%s",
	               w->place->installation, n->audit.id, n->audit.at_s,
	               n->kind == PAT_NOTICE_EMAIL_FORMER ? ".former" : "");
}

/* Why this is in somebody's mailbox, and how not to get more of it. */
static void foot_add(const struct writing *w)
{
	bool always = w->notice->kind >= PAT_NOTICE_PASSWORD;

	(void)pat_buf_addf(w->out, "\n-- \nSent by the server at %s, which reads no answers.\n",
	                   w->place->url);
	if (!always)
		(void)pat_buf_addf(w->out, "Which mail you get: %s/settings/notifications\n",
		                   w->place->url);
}

int pat_notice_write(const struct pat_notice *notice, const struct pat_notice_place *place,
                     int64_t now_s, struct pat_mail *ret)
{
	static void (*const writers[])(const struct writing *w) = {
		[PAT_NOTICE_ENDING] = write_ending,      [PAT_NOTICE_GENERATED] = write_generated,
		[PAT_NOTICE_REVOKED] = write_revoked,    [PAT_NOTICE_SIGN_IN] = write_sign_in,
		[PAT_NOTICE_PASSWORD] = write_password,  [PAT_NOTICE_EMAIL] = write_email,
		[PAT_NOTICE_EMAIL_FORMER] = write_email,
	};
	struct writing w = { .notice = notice, .place = place, .mail = ret, .out = &ret->text };

	pat_assert(notice->kind != PAT_NOTICE_NONE);
	ret->date_s = now_s;
	(void)snprintf(ret->to, sizeof(ret->to), "%s", notice->to);
	(void)snprintf(ret->to_name, sizeof(ret->to_name), "%s", notice->person.name);
	id_make(&w);
	(void)pat_buf_addf(w.out, "Hello %s,\n\n", notice->person.name);
	writers[notice->kind](&w);
	foot_add(&w);
	return pat_buf_error(w.out);
}
