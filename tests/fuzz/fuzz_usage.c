/* SPDX-License-Identifier: Apache-2.0
 *
 * A usage ring of any bytes, as a worker that was taken over could write it: eight bytes of what its head says, then uses.
 * What would be stored of it must be texts that end, visible, with times that were and counts of something; and where a
 * use names an operation of the policy that is there, its scopes are that operation's.
 */
#include "tests/fuzz/fuzz.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/log.h"
#include "core/intake.h"
#include "index/policies.h"
#include "index/ring.h"
#include "policy/rules.h"

#define NOW      1800000000
#define POLICIES 1u

static char folder[64];
static uint8_t *rings;
static size_t noted;

/* ---- What would be stored. */

static bool is_line(const char *text, size_t bytes)
{
	const char *end = memchr(text, '\0', bytes);

	for (const char *c = text; end && c < end; c++)
		if (*c < 0x20 || *c > 0x7e)
			return false;
	return end;
}

static bool is_past(int64_t at_s)
{
	return at_s <= NOW && at_s >= NOW - (int64_t)PAT_USAGE_DAYS * PAT_DAY_S;
}

static void check_operation(const struct pat_usage_operation *o)
{
	pat_assert(is_line(o->product, sizeof(o->product)));
	pat_assert(is_line(o->method, sizeof(o->method)));
	pat_assert(is_line(o->name, sizeof(o->name)));
	pat_assert(is_line(o->scopes, sizeof(o->scopes)));
	if (strcmp(o->name, "look") == 0)
		pat_assert(strcmp(o->scopes, "a:read b:read") == 0 &&
		           strcmp(o->product, "thing") == 0 && strcmp(o->method, "GET") == 0);
	else
		pat_assert(o->name[0] == '\0' || strcmp(o->name, "/open") == 0);
}

static void check_client(const struct pat_usage_client *c)
{
	pat_assert(is_line(c->network, sizeof(c->network)));
	pat_assert(is_line(c->family, sizeof(c->family)));
}

/* In the store's place. */
int pat_store_usage_note(struct pat_store *store, const struct pat_usage_notes *notes)
{
	pat_assert(!store);
	noted += notes->n_done;
	for (size_t i = 0; i < notes->n_done; i++) {
		check_operation(&notes->done[i].operation);
		pat_assert(notes->done[i].number > 0 && notes->done[i].count > 0);
		pat_assert(is_past(notes->done[i].first_s) && is_past(notes->done[i].last_s));
	}
	for (size_t i = 0; i < notes->n_seen; i++) {
		check_client(&notes->seen[i].client);
		pat_assert(is_past(notes->seen[i].last_s));
	}
	for (size_t i = 0; i < notes->n_last; i++) {
		const struct pat_usage_last *last = &notes->last[i];

		pat_assert(is_line(last->address, sizeof(last->address)));
		pat_assert(is_line(last->agent, sizeof(last->agent)));
		check_client(&last->turns.clients[0]);
		check_client(&last->turns.clients[1]);
		pat_assert(is_past(last->at_s));
	}
	return 0;
}

/* ---- A folder as verifiers have it. */

static void rule_add(struct pat_rules *rules, const char *path, const char *id, uint32_t scopes)
{
	struct pat_rules_op *rule = pat_rules_add(rules);

	pat_assert(rule);
	rule->method = PAT_METHOD_GET;
	rule->path = path;
	rule->id = id;
	rule->n_needs = scopes > 0;
	rule->needs[0].n = scopes;
	for (uint32_t i = 0; i < scopes; i++)
		rule->needs[0].scopes[i] = i;
}

static void policies_make(void)
{
	pat_cleanup(pat_rules_freep) struct pat_rules *rules = pat_rules_new();
	pat_cleanup(pat_buf_done) struct pat_buf block = { 0 };
	pat_cleanup(pat_closep) int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	pat_assert(rules);
	pat_buf_init(&block, PAT_POLICY_BYTES_MAX);
	rules->scopes[0] = (struct pat_rules_scope){ .name = "a:read", .description = "" };
	rules->scopes[1] = (struct pat_rules_scope){ .name = "b:read", .description = "" };
	rules->n_scopes = 2;
	rule_add(rules, "/look/{at}", "look", 2);
	rule_add(rules, "/open", "", 0);
	int r = pat_rules_compile(rules, &block, NULL);
	pat_assert(r == 0);
	struct pat_policies_source source = { .name = "thing",
		                              .bytes = block.data,
		                              .len = block.len };
	r = pat_policies_write(fd, POLICIES, &source, 1, false, (gid_t)-1);
	pat_assert(r == 0);
}

static void take_away(void)
{
	char path[128];

	(void)snprintf(path, sizeof(path), "%s/" PAT_RING_FILE, folder);
	(void)unlink(path);
	(void)snprintf(path, sizeof(path), "%s/" PAT_POLICIES_FORMAT, folder,
	               (unsigned long long)POLICIES);
	(void)unlink(path);
	(void)rmdir(folder);
}

static struct pat_intake *start(void)
{
	static struct pat_intake *intake;
	struct pat_err err = { { 0 } };
	char path[128];

	if (intake)
		return intake;
	pat_log_level_set(PAT_LOG_ERROR); /* what is dropped is told at every turn */
	(void)snprintf(folder, sizeof(folder), "/dev/shm/patd-fuzz-XXXXXX");
	pat_assert(mkdtemp(folder));
	(void)atexit(take_away);
	policies_make();
	int r = pat_intake_new(folder, (gid_t)-1, true, &intake, &err);
	pat_assert(r == 0);
	(void)snprintf(path, sizeof(path), "%s/" PAT_RING_FILE, folder);
	pat_cleanup(pat_closep) int fd = open(path, O_RDWR | O_CLOEXEC);
	rings = mmap(NULL, PAT_RING_FILE_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_NORESERVE,
	             fd, 0);
	pat_assert(rings != MAP_FAILED);
	return intake;
}

/* ---- */

bool pat_fuzz_accepts(const uint8_t *data, size_t size)
{
	struct pat_index_reader *const readers[2] = { NULL, NULL };
	struct pat_intake *intake = start();
	struct pat_ring_head *head = pat_ring_head_at(rings, 0);
	uint64_t more = 0;

	noted = 0;
	if (size < sizeof(more))
		return false;
	memcpy(&more, data, sizeof(more)); /* UNSAFE: checked above */
	size -= sizeof(more);
	for (size_t at = 0; at < size && at < PAT_RING_BYTES; at += sizeof(struct pat_ring_use)) {
		struct pat_ring_use use = { 0 };
		uint64_t place = atomic_load(&head->tail) + at / sizeof(use);
		size_t len = size - at < sizeof(use) ? size - at : sizeof(use);

		memcpy(&use, data + sizeof(more) + at, len); /* UNSAFE: bounded above */
		pat_ring_uses_at(rings, 0)[place % PAT_RING_USES] = use;
	}
	atomic_store(&head->head, atomic_load(&head->tail) + more);
	pat_intake_take(intake, NULL, readers, NOW);
	pat_intake_store(intake, NULL);
	return noted > 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	(void)pat_fuzz_accepts(data, size);
	return 0;
}
