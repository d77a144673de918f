/* SPDX-License-Identifier: Apache-2.0 */
#include "files/db.h"

void pat_files_pin_lock(struct pat_files *files)
{
	(void)pthread_mutex_lock(&files->pinning);
}

void pat_files_pin_unlock(struct pat_files *files)
{
	(void)pthread_mutex_unlock(&files->pinning);
}

void pat_files_pin_add(struct pat_files *files, struct pat_files_pin *pin, int64_t content)
{
	pat_assert(content > 0);
	*pin = (struct pat_files_pin){ .content = content, .next = files->pins };
	pin->link = &files->pins;
	if (pin->next)
		pin->next->link = &pin->next;
	files->pins = pin;
}

bool pat_files_pin_has(const struct pat_files *files, int64_t content)
{
	for (const struct pat_files_pin *pin = files->pins; pin; pin = pin->next)
		if (pin->content == content)
			return true;
	return false;
}

void pat_files_pin_drop(struct pat_files *files, struct pat_files_pin *pin)
{
	if (pin->content == 0)
		return;
	pat_files_pin_lock(files);
	*pin->link = pin->next;
	if (pin->next)
		pin->next->link = pin->link;
	pat_files_pin_unlock(files);
	*pin = (struct pat_files_pin){ 0 };
}
