/* SPDX-License-Identifier: Apache-2.0
 *
 * Drawing while memory runs out: the n-th allocation fails, for n = 1, 2, 3… until it succeeds; jansson's and the tree's
 * own among them. Each time it is -ENOMEM, and nothing is left behind (the leak detector looks).
 */
#include "tests/unit/test.h"

#include <errno.h>

#include "tests/contract/faulty_malloc.h"
#include "tests/unit/draw_dom.h"

static const char *const document =
	"{'type':'FRAME','clipsContent':true,'absoluteBoundingBox':{'x':0,'y':0,'width':90,'height':90},"
	"'fills':[{'type':'SOLID'},{'type':'IMAGE','imageRef':'a'}],"
	"'effects':[{'type':'DROP_SHADOW','radius':3}],'itemReverseZIndex':true,'children':["
	"{'type':'RECTANGLE','isMask':true,'opacity':0.5,'fills':[{'type':'SOLID'}],"
	"'absoluteBoundingBox':{'x':0,'y':0,'width':90,'height':90}},"
	"{'type':'TEXT','characters':'one two\\nthree','characterStyleOverrides':[1],"
	"'styleOverrideTable':{'1':{'fontSize':20}},'fills':[{'type':'SOLID'}],"
	"'absoluteBoundingBox':{'x':0,'y':0,'width':30,'height':90}},"
	"{'type':'GROUP','absoluteBoundingBox':{'x':0,'y':0,'width':90,'height':90},'children':["
	"{'type':'STAR','strokeAlign':'OUTSIDE','strokes':[{'type':'SOLID'}],"
	"'absoluteBoundingBox':{'x':0,'y':0,'width':90,'height':90}}]}]}";

static void *counted_malloc(size_t bytes)
{
	return malloc(bytes); /* ours, which may fail */
}

static int image(const char *ref, struct pat_buf *out, struct pat_draw_image *ret)
{
	(void)ret;
	return pat_buf_addf(out, "data:image/png;base64,%s", ref);
}

static void drawing_survives_every_failed_allocation(void **state)
{
	static const struct pat_draw_options options = { .nodes_max = 100 };
	char text[4096];
	struct draw_dom dom;
	size_t whole = 0;
	int n = 0;

	(void)state;
	(void)snprintf(text, sizeof(text), "%s", document);
	for (char *c = text; *c; c++)
		if (*c == '\'')
			*c = '"';
	json_t *root = json_loads(text, 0, NULL);
	assert_non_null(root);
	assert_true(draw_dom_init(&dom, root));
	dom.image = image;
	struct pat_draw_tree tree = draw_dom_tree(&dom);
	for (bool failed = true; failed;) {
		pat_cleanup(pat_buf_done) struct pat_buf out = { 0 };

		pat_buf_init(&out, 1 << 20);
		faulty_malloc_arm(++n);
		int r = pat_draw_svg(&tree, 0, &options, &out);
		failed = faulty_malloc_disarm();
		assert_int_equal(r, failed ? -ENOMEM : 0);
		whole = out.len;
	}
	assert_true(n > 50);
	assert_true(whole > 1000);
	draw_dom_done(&dom);
	json_decref(root);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(drawing_survives_every_failed_allocation),
	};

	json_set_alloc_funcs(counted_malloc, free);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
