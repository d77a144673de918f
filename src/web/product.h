/* SPDX-License-Identifier: Apache-2.0
 *
 * What the handlers of the built-in product's API share: who calls, as the gate says; lists of nodes; pictures' addresses.
 * Query parameters that we do not know are overlooked, as Figma's clients expect.
 *
 * Each of these returns 0, 1 when the call has been refused, or a fault, as handlers do.
 */
#ifndef PAT_WEB_PRODUCT_H
#define PAT_WEB_PRODUCT_H

#include "files/files.h"
#include "web/param.h"
#include "web/people.h"

/* Answers of the product may be as large as all comments of a file are: messages, of which each byte may be written as two; what
 * else is said of each; and its reactions. */
#define PAT_PRODUCT_ANSWER_BYTES_MAX (48u << 20)

/* The product's name, in limits and policies. */
#define PAT_PRODUCT_NAME "files"

/* Of a person whom the gate names, with a token that reaches what is asked for: 404 otherwise, and where the product is off. */
int pat_product_caller(struct pat_call *call, struct pat_files_caller *ret) PAT_MUST_USE;

/* Ids of nodes, separated by commas: sorted, each once. They point into `text`. */
#define PAT_PRODUCT_IDS_BYTES_MAX 16384u /* more does not fit a request line */
#define PAT_PRODUCT_IDS_MAX       4096u
struct pat_product_ids {
	char text[PAT_PRODUCT_IDS_BYTES_MAX + 1];
	const char *ids[PAT_PRODUCT_IDS_MAX];
	size_t n;
};
int pat_product_ids(struct pat_call *call, struct pat_product_ids *ret) PAT_MUST_USE;

/* When an address of a picture that is handed out now ends: in 30 days, on a day's boundary, so that one picture has
 * one address for a day and caches know it again. */
int64_t pat_product_picture_end_s(int64_t now_s);

/* Writes the address of the picture of a file's version (0: its newest). */
int pat_product_write_thumbnail(struct pat_call *call, struct pat_json_writer *w, const char *key,
                                const struct pat_files_file *file, int64_t version,
                                int64_t now_s) PAT_MUST_USE;

/* Writes a reaction as Figma has it. */
int pat_product_write_reaction(struct pat_people *people, struct pat_json_writer *w,
                               const struct pat_files_reaction *reaction) PAT_MUST_USE;

/* {"status":200,"error":false}: done, and there is nothing to tell. */
int pat_product_done(struct pat_call *call);

#endif
