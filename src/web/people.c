/* SPDX-License-Identifier: Apache-2.0 */
#include "web/people.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

void pat_people_init(struct pat_people *people, const struct pat_call *call)
{
	people->call = call;
	people->next = 0;
	for (size_t i = 0; i < PAT_PEOPLE_KNOWN_MAX; i++)
		people->known[i].id = 0;
}

static int find(struct pat_people *people, int64_t id, const struct pat_people_known **ret)
{
	struct pat_person person = { 0 };

	for (size_t i = 0; i < PAT_PEOPLE_KNOWN_MAX; i++) {
		if (people->known[i].id == id) {
			*ret = &people->known[i];
			return 0;
		}
	}
	int r = pat_core_person_known(people->call->context->core, id, &person);
	if (r != 0)
		return r < 0 ? r : -EPROTO;
	struct pat_people_known *known = &people->known[people->next++ % PAT_PEOPLE_KNOWN_MAX];
	known->id = id;
	(void)snprintf(known->name, sizeof(known->name), "%s", person.name);
	pat_files_avatar_path(&person, known->picture);
	*ret = known;
	pat_wipe(&person, sizeof(person));
	return 0;
}

static void write_members(const struct pat_call *call, struct pat_json_writer *w, int64_t id,
                          const char *name, const char *picture)
{
	pat_json_id(w, "id", id);
	pat_json_text(w, "handle", name);
	pat_call_json_url(call, w, "img_url", picture);
}

void pat_people_write_person(const struct pat_call *call, struct pat_json_writer *w,
                             const struct pat_person *person)
{
	char picture[PAT_FILES_AVATAR_PATH_BYTES];

	pat_files_avatar_path(person, picture);
	write_members(call, w, person->id, person->name, picture);
}

int pat_people_write(struct pat_people *people, struct pat_json_writer *w, const char *key,
                     int64_t person)
{
	const struct pat_people_known *known = NULL;

	int r = find(people, person, &known);
	if (r != 0)
		return r;
	pat_json_open(w, key, '{');
	write_members(people->call, w, known->id, known->name, known->picture);
	pat_json_close(w, '}');
	return 0;
}
