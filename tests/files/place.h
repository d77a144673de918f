/* SPDX-License-Identifier: Apache-2.0
 *
 * What the tests of the files product share: a database on a tmpfs, people without a core, a look behind its back, and
 * rows put there without an upload where thousands are needed.
 *
 * People are wrapped (-Wl,--wrap=pat_core_person_get,--wrap=pat_core_person_find): person n is called "Person n", and
 * "n@x" finds them. Only 1 to PLACE_PEOPLE exist, and PLACE_DISABLED is as if not there.
 */
#ifndef PAT_TESTS_FILES_PLACE_H
#define PAT_TESTS_FILES_PLACE_H

#include "tests/unit/test.h"

#include <pthread.h>

#include "base/buf.h"
#include "files/files.h"

#define PLACE_PEOPLE   90
#define PLACE_DISABLED 89
#define PLACE_NOBODY   4711
#define NOW            1800000000 /* the tests' present */

enum {
	ADA = 1, /* owns what is shared */
	EVE,     /* EDITOR */
	VIC,     /* VIEWER */
	SAM,     /* a stranger */
};

struct place {
	char folder[64];
	char store[96];
	char sample[96];         /* "": none */
	uint64_t team_bytes_max; /* at the next opening */
	uint64_t reserve_bytes;
	struct pat_files *files;
};

/* cmocka's set-up and tear-down: *state is a struct place with an open database. */
int place_setup(void **state);
int place_teardown(void **state);
#define place_test(fn) cmocka_unit_test_setup_teardown(fn, place_setup, place_teardown)

void place_open(struct place *p);
int place_try_open(struct place *p, struct pat_err *err);
void place_close(struct place *p);
void place_reopen(struct place *p);

/* SQL behind its back, on a connection of its own. */
void place_sql(struct place *p, const char *sql);
int64_t place_ask(struct place *p, const char *sql);
/* All is as it must be at rest: SQLite's own checks, and that every piece, content and loose row has its reason. */
void place_assert_whole(struct place *p);

/* All rows of all tables as one hash, but for what pat_files_check() counts. */
struct place_state {
	uint8_t hash[32];
};
struct place_state place_state(struct place *p);
/* The same of any database file. */
struct place_state place_state_of(const char *path);
bool place_same(struct place_state a, struct place_state b);

/* A closed database's file, kept, and put back with nothing else beside it. */
struct place_base {
	uint8_t *bytes;
	size_t len;
};
void place_base_take(struct place *p, struct place_base *ret);
void place_base_put(struct place *p, const struct place_base *base);
void place_base_done(struct place_base *base);
/* What recovery after a crash at this moment would find: of a copy of the files. */
struct place_state place_crashed(struct place *p);

struct pat_files_caller as(int64_t person);
struct pat_files_caller as_at(int64_t person, int64_t now_s);
struct pat_files_team place_team(struct place *p, int64_t person);
/* The first project of a person. */
int64_t place_project(struct place *p, int64_t person);
int64_t place_project_new(struct place *p, int64_t person, const char *name);

/* A file with one version, put into its project by SQL. `key` gets its key. */
struct place_row {
	int64_t project;
	int64_t creator;
	const char *name;
	int64_t created_s;
	int64_t touched_s;
	int64_t trashed_s;
	uint32_t bytes;
};
int64_t place_row(struct place *p, const struct place_row *row,
                  char key[static PAT_FILES_KEY_CHARS + 1]);
void place_share_row(struct place *p, int64_t file, int64_t person, enum pat_files_role role);

/* ---- Documents. */

/* A document of some pages with some frames each; what is in them is `filler` bytes long, so that any size can be had. */
struct place_document {
	const char *name;   /* as written in JSON; NULL: it has none */
	const char *editor; /* likewise */
	unsigned pages;
	unsigned frames; /* on each page */
	size_t filler;   /* bytes in each frame's name */
	const char *
		tables; /* JSON members behind the document, each with a comma before; NULL: none */
};
void place_write_document(const struct place_document *document, struct pat_buf *out);
/* A small one. The buffer is the caller's. */
struct pat_buf place_small(const char *name);

/* Uploads `text` in pieces of `step` bytes (0: all at once). `key` NULL: a new file in `project`. */
int place_try_upload(struct place *p, const struct pat_files_caller *caller, int64_t project,
                     const char *key, const struct pat_buf *text, size_t step,
                     struct pat_files_file *ret);
/* A small document that becomes a file of a person's first project. */
struct pat_files_file place_upload(struct place *p, int64_t person, const char *name);
/* Asserts that a version's text is `text`, read in pieces of `step` bytes. */
void place_assert_text(struct place *p, int64_t person, const char *key, int64_t version,
                       const struct pat_buf *text, uint32_t step);

/* Runs `fn` on n threads at once, each with its number, and waits for all. */
void place_threads(unsigned n, void (*fn)(void *arg, unsigned i), void *arg);

#endif
