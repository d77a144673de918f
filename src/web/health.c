/* SPDX-License-Identifier: Apache-2.0
 *
 * Alive: this process answers. Ready: it can do its work; if not, which part can not. The full sentence
 * goes to the log, the one word before its colon to whoever asks.
 */
#include "web/api.h"

#include <string.h>

#include "base/log.h"
#include "files/files.h"

static int answer(struct pat_call *call, int status, const char *word, const char *reason,
                  size_t reason_len)
{
	struct pat_json_writer w = pat_call_json(call, status);

	pat_json_open(&w, NULL, '{');
	pat_json_text(&w, "status", word);
	if (reason) {
		pat_json_open(&w, "reasons", '[');
		pat_json_text_n(&w, NULL, reason, reason_len);
		pat_json_close(&w, ']');
	}
	pat_json_close(&w, '}');
	return 0;
}

int pat_health_live(struct pat_call *call)
{
	return answer(call, 200, "ok", NULL, 0);
}

static int check_files(struct pat_files *files, struct pat_err *err)
{
	int r = files ? pat_files_check(files) : 0;

	return r == 0 ? 0 : pat_err_set(err, r, "files: %s", pat_err_words(r));
}

int pat_health_ready(struct pat_call *call)
{
	struct pat_err err = { 0 };

	int r = pat_core_ready(call->context->core, &err);
	if (r == 0)
		r = check_files(call->context->files, &err);
	if (r == 0)
		return answer(call, 200, "ready", NULL, 0);
	pat_log(PAT_LOG_WARNING, "health.not_ready", "reason", err.text, NULL);
	(void)answer(call, 503, "not_ready", err.text, strcspn(err.text, ":"));
	(void)pat_response_header(call->response, "Retry-After", "5");
	return 0;
}
