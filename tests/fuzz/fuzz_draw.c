/* SPDX-License-Identifier: Apache-2.0
 *
 * A document as whoever uploads it wrote it, drawn: whatever is drawn is a picture that svg_check() has nothing against.
 */
#include "tests/fuzz/fuzz.h"

#include "tests/unit/draw_dom.h"
#include "tests/unit/svg_check.h"

#define OUT_BYTES_MAX (1u << 20)

static int image(const char *ref, struct pat_buf *out, struct pat_draw_image *ret)
{
	/* An href as the fuzzer wants it. */
	*ret = (struct pat_draw_image){ 16, 9 };
	return pat_buf_add_str(out, ref);
}

static int draw(json_t *root, const struct pat_draw_options *options)
{
	pat_cleanup(pat_buf_done) struct pat_buf out = { 0 };
	struct draw_dom dom;
	char why[SVG_CHECK_WHY_BYTES];

	bool good = draw_dom_init(&dom, root);
	pat_assert(good);
	dom.image = image;
	struct pat_draw_tree tree = draw_dom_tree(&dom);
	pat_buf_init(&out, OUT_BYTES_MAX);
	int r = pat_draw_svg(&tree, 0, options, &out);
	pat_assert(r >= 0);
	good = r != 0 || svg_check(out.data, out.len, why);
	pat_assert(good);
	draw_dom_done(&dom);
	return r;
}

bool pat_fuzz_accepts(const uint8_t *data, size_t size)
{
	struct pat_draw_options options = { .nodes_max = 1000 };
	json_error_t error;
	json_t *root = json_loadb((const char *)data, size,
	                          JSON_ALLOW_NUL | JSON_DECODE_INT_AS_REAL, &error);

	if (!root)
		return false;
	/* A file, or a node. */
	json_t *document = json_object_get(root, "document");
	int r = draw(document ? document : root, &options);
	options = (struct pat_draw_options){ .nodes_max = 1000,
		                             .width_max = 320,
		                             .height_max = 240,
		                             .include_id = true,
		                             .include_node_id = true,
		                             .outline_text = true };
	(void)draw(document ? document : root, &options);
	json_decref(root);
	return r == 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	(void)pat_fuzz_accepts(data, size);
	return 0;
}
