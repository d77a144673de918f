/* SPDX-License-Identifier: Apache-2.0
 *
 * The shape is Figma's `User & { email }`. The gate has checked the token already; the scope is checked
 * here as well, because a product should not depend on how its gate was configured.
 */
#include "files/me.h"

#include <string.h>

#include "core/core.h"
#include "token/scopes.h"

static bool may_read(const char *scopes)
{
	return pat_scopes_has(scopes, PAT_FILES_ME_SCOPE) || pat_scopes_has(scopes, "files:read");
}

static void add_text(struct pat_buf *out, const char *before, const char *text)
{
	(void)pat_buf_add_str(out, before);
	(void)pat_buf_add_json(out, text, strlen(text));
}

static int write_me(const struct pat_person *person, const struct pat_files_caller *caller,
                    struct pat_buf *out)
{
	(void)pat_buf_addf(out, "{\"id\":\"%lld", (long long)person->id);
	add_text(out, "\",\"handle\":\"", person->name);
	add_text(out, "\",\"email\":\"", person->email);
	add_text(out, "\",\"img_url\":\"", caller->scheme);
	add_text(out, "://", caller->host);
	(void)pat_buf_addf(out, "/avatars/%lld.svg\"}", (long long)person->id);
	return pat_buf_error(out);
}

int pat_files_me(struct pat_core *core, const struct pat_files_caller *caller, struct pat_buf *out)
{
	struct pat_person person = { 0 };

	if (!may_read(caller->scopes))
		return PAT_FILES_E_SCOPE;
	int r = pat_core_person_get(core, caller->person, &person);
	if (r == PAT_CORE_E_NOT_FOUND)
		return PAT_FILES_E_NOT_FOUND;
	if (r == 0)
		r = write_me(&person, caller, out);
	pat_wipe(&person, sizeof(person)); /* The password's hash may have come along. */
	return r;
}
