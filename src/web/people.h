/* SPDX-License-Identifier: Apache-2.0
 *
 * People in answers, as Figma writes them: {id, handle, img_url}. An answer that speaks of somebody again and again asks for
 * them once, as long as it does not speak of too many others meanwhile.
 */
#ifndef PAT_WEB_PEOPLE_H
#define PAT_WEB_PEOPLE_H

#include "files/avatar.h"
#include "web/call.h"

#define PAT_PEOPLE_KNOWN_MAX 32

struct pat_people_known {
	int64_t id; /* 0: nobody yet */
	char name[PAT_PERSON_NAME_BYTES_MAX + 1];
	char picture[PAT_FILES_AVATAR_PATH_BYTES];
};

struct pat_people {
	const struct pat_call *call;
	unsigned next; /* place that is used again next */
	struct pat_people_known known[PAT_PEOPLE_KNOWN_MAX];
};

void pat_people_init(struct pat_people *people, const struct pat_call *call);

/* Writes a person as an object. 0 or a fault; somebody who never was is a fault. */
int pat_people_write(struct pat_people *people, struct pat_json_writer *w, const char *key,
                     int64_t person) PAT_MUST_USE;

/* Writes the members of one: for answers that add to them. */
void pat_people_write_person(const struct pat_call *call, struct pat_json_writer *w,
                             const struct pat_person *person);

#endif
