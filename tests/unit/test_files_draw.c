/* SPDX-License-Identifier: Apache-2.0
 *
 * Pictures of documents: what is in them (draw_cases.txt), and that a hostile document gets a well-formed one as well.
 */
#include "tests/unit/test.h"

#include <errno.h>

#include "tests/unit/draw_dom.h"
#include "tests/unit/svg_check.h"

#define OUT_MAX (8u << 20)

static const struct pat_draw_options plain = { .nodes_max = 100000 };

static int test_image(const char *ref, struct pat_buf *out, struct pat_draw_image *ret)
{
	if (strcmp(ref, "fault") == 0)
		return -EIO;
	if (strcmp(ref, "elsewhere") == 0)
		return pat_buf_add_str(out, "https://example.org/a.png");
	if (strcmp(ref, "protocol") == 0)
		return pat_buf_add_str(out, "//example.org/a.png");
	if (strcmp(ref, "script") == 0)
		return pat_buf_add_str(out, "javascript:alert(1)");
	if (strcmp(ref, "here") != 0)
		return 1;
	*ret = (struct pat_draw_image){ 40, 20 };
	return pat_buf_add_str(out, "/images/a&b.png");
}

/* Whatever is drawn is judged. */
static int draw(json_t *root, const struct pat_draw_options *options, struct pat_buf *out)
{
	struct draw_dom dom;
	char why[SVG_CHECK_WHY_BYTES];

	assert_true(draw_dom_init(&dom, root));
	dom.image = test_image;
	struct pat_draw_tree tree = draw_dom_tree(&dom);
	int r = pat_draw_svg(&tree, 0, options, out);
	if (r == 0 && !svg_check(out->data, out->len, why))
		fail_msg("%s\n%s", why, pat_buf_str(out));
	draw_dom_done(&dom);
	return r;
}

static json_t *parse(const char *text)
{
	json_error_t error;
	json_t *root = json_loads(text, JSON_ALLOW_NUL | JSON_DECODE_INT_AS_REAL, &error);

	if (!root)
		fail_msg("%s: %s", text, error.text);
	return root;
}

static int draw_text(const char *json, const struct pat_draw_options *options, struct pat_buf *out)
{
	json_t *root = parse(json);

	pat_buf_init(out, OUT_MAX);
	int r = draw(root, options, out);
	json_decref(root);
	return r;
}

/* ---- The cases of the file. */

static json_t *color_of(const char *text)
{
	unsigned long value = strtoul(text + 1, NULL, 16);
	bool alpha = strlen(text) == 9;

	if (alpha)
		value >>= 8;
	return json_pack("{s:f,s:f,s:f,s:f}", "r", (double)(value >> 16 & 255) / 255, "g",
	                 (double)(value >> 8 & 255) / 255, "b", (double)(value & 255) / 255, "a",
	                 alpha ? (double)(strtoul(text + 7, NULL, 16)) / 255 : 1.0);
}

static json_t *box_of(const json_t *four)
{
	return json_pack("{s:O,s:O,s:O,s:O}", "x", json_array_get(four, 0), "y",
	                 json_array_get(four, 1), "width", json_array_get(four, 2), "height",
	                 json_array_get(four, 3));
}

/* What a short word stands for, or NULL. */
static json_t *long_for(const json_t *value, bool in_list)
{
	const char *text = json_string_value(value);

	if (!text || text[0] != '#')
		return NULL;
	return in_list ? json_pack("{s:s,s:o}", "type", "SOLID", "color", color_of(text))
	               : color_of(text);
}

static void expand(json_t *value)
{
	const char *key = NULL;
	json_t *member = NULL;
	void *next = NULL;

	json_object_foreach_safe(value, next, key, member)
	{
		json_t *other = long_for(member, false);

		expand(member);
		if (other)
			assert_int_equal(json_object_set_new(value, key, other), 0);
	}
	for (size_t i = 0; i < json_array_size(value); i++) {
		json_t *other = long_for(json_array_get(value, i), true);

		expand(json_array_get(value, i));
		if (other)
			assert_int_equal(json_array_set_new(value, i, other), 0);
	}
	if (json_object_get(value, "box"))
		(void)json_object_set_new(value, "absoluteBoundingBox",
		                          box_of(json_object_get(value, "box")));
	if (json_object_get(value, "covers"))
		(void)json_object_set_new(value, "absoluteRenderBounds",
		                          box_of(json_object_get(value, "covers")));
}

struct drawn {
	char name[200];
	char json[8192];
	struct pat_buf out;
	int result;
	bool is_drawn;
};

static void begin_case(struct drawn *d, const char *name)
{
	pat_buf_done(&d->out);
	*d = (struct drawn){ 0 };
	(void)snprintf(d->name, sizeof(d->name), "%.150s", name);
}

static void draw_case(struct drawn *d)
{
	json_t *root = parse(d->json);

	expand(root);
	pat_buf_init(&d->out, OUT_MAX);
	d->result = draw(root, &plain, &d->out);
	d->is_drawn = true;
	json_decref(root);
}

/* False: it was said what is wrong. */
static bool check_line(struct drawn *d, char kind, const char *text)
{
	const char *picture = NULL;
	bool good = false;

	if (!d->is_drawn)
		draw_case(d);
	picture = pat_buf_str(&d->out);
	if (kind == '=')
		good = strcmp(text, "nothing") == 0 && d->result == PAT_DRAW_E_NOTHING;
	else
		good = d->result == 0 && (strstr(picture, text) != NULL) == (kind == '+');
	if (!good)
		print_error("%s: %c %s\n(%d) %s\n", d->name, kind, text, d->result, picture);
	return good;
}

static void pictures_have_what_they_should(void **state)
{
	FILE *file = fopen(PAT_TEST_DRAW_CASES, "r");
	static struct drawn d;
	char line[4096];
	unsigned checks = 0;
	unsigned failed = 0;

	(void)state;
	assert_non_null(file);
	while (fgets(line, sizeof(line), file)) {
		line[strcspn(line, "\n")] = '\0';
		if (line[0] == '\0' || line[0] == '#')
			continue;
		if (line[0] == ' ') {
			assert_true(strlen(d.json) + strlen(line) < sizeof(d.json));
			(void)strncat(d.json, line, sizeof(d.json) - strlen(d.json) - 1);
		} else if (strchr("+-=", line[0]) && line[1] == ' ') {
			failed += !check_line(&d, line[0], line + 2);
			checks++;
		} else {
			begin_case(&d, line);
		}
	}
	pat_buf_done(&d.out);
	assert_int_equal(fclose(file), 0);
	assert_int_equal(failed, 0);
	assert_true(checks > 150);
}

/* ---- Options. */

#define TWO                                                                                          \
	"{\"type\":\"FRAME\",\"name\":\"p1 \\\"<x>\",\"id\":\"1:<2\",\"absoluteBoundingBox\":"       \
	"{\"x\":0,\"y\":0,\"width\":400,\"height\":200},\"children\":[{\"type\":\"TEXT\","           \
	"\"name\":\"Title 1\",\"id\":\"1:3\",\"characters\":\"x\",\"fills\":[{\"type\":\"SOLID\"}]," \
	"\"fillGeometry\":[{\"path\":\"M0 0H1\"}],\"absoluteBoundingBox\":{\"x\":0,\"y\":0,"         \
	"\"width\":40,\"height\":20}}]}"

static void a_picture_is_scaled(void **state)
{
	static const struct {
		uint32_t width_max;
		uint32_t height_max;
		double scale;
		const char *size;
	} cases[] = {
		{ 0, 0, 0, "width=\"400\" height=\"200\" viewBox=\"0 0 400 200\"" },
		{ 0, 0, 2, "width=\"800\" height=\"400\" viewBox=\"0 0 400 200\"" },
		{ 0, 0, -1, "width=\"400\" height=\"200\" viewBox=\"0 0 400 200\"" },
		{ 100, 0, 2, "width=\"100\" height=\"50\" viewBox=\"0 0 400 200\"" },
		{ 100, 10, 0, "width=\"20\" height=\"10\" viewBox=\"0 0 400 200\"" },
		{ 1000, 1000, 0, "width=\"400\" height=\"200\" viewBox=\"0 0 400 200\"" },
		{ 1, 0, 0, "width=\"1\" height=\"1\" viewBox=\"0 0 400 200\"" },
	};

	(void)state;
	for (size_t i = 0; i < PAT_ARRAY_LEN(cases); i++) {
		pat_cleanup(pat_buf_done) struct pat_buf out = { 0 };
		struct pat_draw_options options = { .nodes_max = 10,
			                            .width_max = cases[i].width_max,
			                            .height_max = cases[i].height_max,
			                            .scale = cases[i].scale };

		assert_int_equal(draw_text(TWO, &options, &out), 0);
		if (!strstr(pat_buf_str(&out), cases[i].size))
			fail_msg("%s is not in %s", cases[i].size, pat_buf_str(&out));
	}
}

static void elements_are_named_when_asked(void **state)
{
	pat_cleanup(pat_buf_done) struct pat_buf names = { 0 };
	pat_cleanup(pat_buf_done) struct pat_buf ids = { 0 };
	struct pat_draw_options options = { .nodes_max = 10, .include_id = true };

	(void)state;
	assert_int_equal(draw_text(TWO, &options, &names), 0);
	assert_non_null(strstr(pat_buf_str(&names), "<g id=\"_p1___x_\"><g id=\"Title_1\"><text"));
	options = (struct pat_draw_options){ .nodes_max = 10, .include_node_id = true };
	assert_int_equal(draw_text(TWO, &options, &ids), 0);
	assert_non_null(strstr(pat_buf_str(&ids),
	                       "<g data-node-id=\"1:&lt;2\"><g data-node-id=\"1:3\"><text"));
}

static void letters_are_paths_when_asked(void **state)
{
	pat_cleanup(pat_buf_done) struct pat_buf out = { 0 };
	struct pat_draw_options options = { .nodes_max = 10, .outline_text = true };

	(void)state;
	assert_int_equal(draw_text(TWO, &options, &out), 0);
	assert_non_null(strstr(pat_buf_str(&out), "<path d=\"M0 0H1\""));
	assert_null(strstr(pat_buf_str(&out), "<text"));
}

/* ---- Bounds. */

static json_t *rectangle(double x, double y, double w, double h)
{
	return json_pack("{s:s,s:{s:f,s:f,s:f,s:f},s:[{s:s}]}", "type", "RECTANGLE",
	                 "absoluteBoundingBox", "x", x, "y", y, "width", w, "height", h, "fills",
	                 "type", "SOLID");
}

static json_t *frame(json_t *children)
{
	json_t *node = rectangle(0, 0, 100, 100);

	assert_int_equal(json_object_set_new(node, "type", json_string("FRAME")), 0);
	assert_int_equal(json_object_set_new(node, "children", children), 0);
	return node;
}

static unsigned count(const struct pat_buf *out, const char *text)
{
	unsigned n = 0;

	for (const char *at = strstr(pat_buf_str(out), text); at; at = strstr(at + 1, text))
		n++;
	return n;
}

static void no_more_nodes_are_looked_at_than_allowed(void **state)
{
	json_t *children = json_array();
	json_t *root = frame(children);

	(void)state;
	for (int i = 0; i < 100; i++)
		assert_int_equal(json_array_append_new(children, rectangle(1, 1, 9, 9)), 0);
	for (unsigned max = 1; max <= 102; max++) {
		pat_cleanup(pat_buf_done) struct pat_buf out = { 0 };
		struct pat_draw_options options = { .nodes_max = max };

		pat_buf_init(&out, OUT_MAX);
		assert_int_equal(draw(root, &options, &out), 0);
		assert_int_equal(count(&out, "<rect"), max < 101 ? max : 101);
	}
	json_decref(root);
}

static void what_is_too_deep_is_left_out(void **state)
{
	json_t *root = rectangle(0, 0, 9, 9);
	pat_cleanup(pat_buf_done) struct pat_buf out = { 0 };

	(void)state;
	for (unsigned i = 1; i < PAT_DRAW_DEPTH_MAX + 100; i++) {
		root = frame(json_pack("[o]", root));
		(void)json_object_set_new(root, "opacity", json_real(0.5));
		(void)json_object_set_new(root, "clipsContent", json_true());
	}
	pat_buf_init(&out, OUT_MAX);
	assert_int_equal(draw(root, &plain, &out), 0);
	assert_int_equal(count(&out, "opacity=\"0.5\""), PAT_DRAW_DEPTH_MAX);
	json_decref(root);
}

/* What costs a browser most is not to be had without end. */
static void filters_are_counted(void **state)
{
	json_t *deep = rectangle(0, 0, 9, 9);
	json_t *many = json_array();
	pat_cleanup(pat_buf_done) struct pat_buf one = { 0 };
	pat_cleanup(pat_buf_done) struct pat_buf two = { 0 };

	(void)state;
	for (unsigned i = 0; i < 100; i++) {
		deep = frame(json_pack("[o]", deep));
		(void)json_object_set_new(
			deep, "effects",
			json_pack("[{s:s,s:i}]", "type", "LAYER_BLUR", "radius", 4));
	}
	for (unsigned i = 0; i < 1100; i++) {
		json_t *child = rectangle(1, 1, 9, 9);

		(void)json_object_set(child, "effects", json_object_get(deep, "effects"));
		(void)json_array_append_new(many, child);
	}
	json_t *root = frame(many);
	pat_buf_init(&one, OUT_MAX);
	pat_buf_init(&two, OUT_MAX);
	assert_int_equal(draw(deep, &plain, &one), 0);
	assert_int_equal(draw(root, &plain, &two), 0);
	assert_int_equal(count(&one, "<filter"), 16);
	assert_int_equal(count(&two, "<filter"), 1000);
	assert_int_equal(count(&two, "<rect"), 1101);
	json_decref(deep);
	json_decref(root);
}

/* As the content of each other, and around each other. */
static void masks_are_counted(void **state)
{
	(void)state;
	for (unsigned inside = 0; inside < 2; inside++) {
		json_t *deep = rectangle(0, 0, 9, 9);
		pat_cleanup(pat_buf_done) struct pat_buf out = { 0 };

		for (unsigned i = 0; i < 100; i++) {
			json_t *other = rectangle(0, 0, 9, 9);
			json_t *mask = inside ? deep : other;

			(void)json_object_set_new(mask, "isMask", json_true());
			(void)json_object_set_new(mask, "maskType",
			                          json_string(i % 2 ? "LUMINANCE" : "ALPHA"));
			deep = frame(json_pack("[o,o]", mask, inside ? other : deep));
		}
		pat_buf_init(&out, OUT_MAX);
		assert_int_equal(draw(deep, &plain, &out), 0);
		assert_int_equal(count(&out, "<g mask=") + count(&out, "<g clip-path="), 16);
		json_decref(deep);
	}
}

static void a_full_buffer_is_an_outcome(void **state)
{
	json_t *root = parse(TWO);
	pat_cleanup(pat_buf_done) struct pat_buf whole = { 0 };

	(void)state;
	pat_buf_init(&whole, OUT_MAX);
	assert_int_equal(draw(root, &plain, &whole), 0);
	for (size_t max = 0; max <= whole.len; max++) {
		pat_cleanup(pat_buf_done) struct pat_buf out = { 0 };

		pat_buf_init(&out, max);
		assert_int_equal(draw(root, &plain, &out),
		                 max < whole.len ? PAT_DRAW_E_TOO_LARGE : 0);
	}
	json_decref(root);
}

static void faults_are_passed_on(void **state)
{
	json_t *root = frame(json_pack("[o,o]", rectangle(1, 1, 9, 9), rectangle(1, 1, 9, 9)));
	struct draw_dom dom;

	(void)state;
	assert_true(draw_dom_init(&dom, root));
	for (uint32_t node = 0; node < 3; node++) {
		pat_cleanup(pat_buf_done) struct pat_buf out = { 0 };
		struct pat_draw_tree tree = draw_dom_tree(&dom);

		dom.fail_at = node;
		pat_buf_init(&out, OUT_MAX);
		assert_int_equal(pat_draw_svg(&tree, 0, &plain, &out), -EIO);
	}
	draw_dom_done(&dom);
	json_decref(root);
}

static void a_fault_of_a_picture_is_passed_on(void **state)
{
	pat_cleanup(pat_buf_done) struct pat_buf out = { 0 };

	(void)state;
	assert_int_equal(
		draw_text("{\"type\":\"RECTANGLE\",\"absoluteBoundingBox\":{\"x\":0,\"y\":0,"
	                  "\"width\":9,\"height\":9},\"fills\":[{\"type\":\"IMAGE\","
	                  "\"imageRef\":\"fault\"}]}",
	                  &plain, &out),
		-EIO);
}

/* ---- Properties: every type, every member, and whatever may stand in it. */

static uint64_t random_state;

static unsigned random_below(unsigned n)
{
	random_state = random_state * 6364136223846793005u + 1442695040888963407u;
	return (unsigned)(random_state >> 33) % n;
}

static const char *const types[] = {
	"FRAME",
	"GROUP",
	"SECTION",
	"COMPONENT",
	"COMPONENT_SET",
	"INSTANCE",
	"RECTANGLE",
	"ELLIPSE",
	"LINE",
	"STAR",
	"REGULAR_POLYGON",
	"VECTOR",
	"BOOLEAN_OPERATION",
	"TEXT",
	"STICKY",
	"SHAPE_WITH_TEXT",
	"CONNECTOR",
	"TABLE",
	"TABLE_CELL",
	"SLICE",
	"WIDGET",
	"TRANSFORM_GROUP",
	"TEXT_PATH",
	"WASHI_TAPE",
	"CANVAS",
	"DOCUMENT",
	"SOLID",
	"IMAGE",
	"GRADIENT_LINEAR",
	"GRADIENT_RADIAL",
	"GRADIENT_ANGULAR",
	"GRADIENT_DIAMOND",
	"DROP_SHADOW",
	"INNER_SHADOW",
	"LAYER_BLUR",
	"INSIDE",
	"OUTSIDE",
	"CENTER",
	"RIGHT",
	"JUSTIFIED",
	"BOTTOM",
	"EVENODD",
	"TILE",
	"STRETCH",
	"FIT",
	"ROUND",
	"TRIANGLE_ARROW",
	"LINE_ARROW",
	"HEIGHT",
	"WIDTH_AND_HEIGHT",
	"TRUNCATE",
	"ENDING",
	"UPPER",
	"TITLE",
	"SMALL_CAPS",
	"ORDERED",
	"UNORDERED",
	"LUMINANCE",
	"VECTOR",
	"ELBOWED",
	"CURVED",
	"TOP",
	"LEFT",
	"DIAMOND",
	"UNDERLINE",
};

static const char *const texts[] = {
	"",
	"plain",
	"<script>alert(1)</script>",
	"\"' onload='x' ]]> --> <!--",
	"&amp;&#0;&lt;",
	"\x01\x02\x1f\x7f\xc2\x85",
	"\xef\xbf\xbe\xef\xbf\xbf",
	"line\nbreak\r\n\tand \xe2\x80\xa8 more",
	"\xf0\x9f\x98\x80\xe4\xb8\xad\xd9\x85",
	"M0 0L10 10Q1 2 3 4Z",
	"M0 0A1 1 0 0 1 1e300 5",
	"M0 0C",
	"url(#p1)",
	"https://example.org/",
	"here",
	"1:2",
	"a very long line of text that has to be broken somewhere, or else it leaves its box",
};

static const char *const members[] = {
	"type",
	"visible",
	"absoluteBoundingBox",
	"absoluteRenderBounds",
	"rotation",
	"relativeTransform",
	"size",
	"fills",
	"strokes",
	"strokeWeight",
	"strokeAlign",
	"strokeDashes",
	"strokeCap",
	"strokeJoin",
	"strokeMiterAngle",
	"individualStrokeWeights",
	"cornerRadius",
	"cornerSmoothing",
	"rectangleCornerRadii",
	"opacity",
	"effects",
	"clipsContent",
	"isMask",
	"maskType",
	"arcData",
	"fillGeometry",
	"strokeGeometry",
	"fillOverrideTable",
	"characters",
	"style",
	"characterStyleOverrides",
	"styleOverrideTable",
	"lineTypes",
	"lineIndentations",
	"name",
	"id",
	"children",
	"backgroundColor",
	"sectionContentsHidden",
	"itemReverseZIndex",
	"shapeType",
	"connectorStart",
	"connectorEnd",
	"connectorLineType",
	"connectorEndStrokeCap",
	/* of what is in these */
	"x",
	"y",
	"width",
	"height",
	"color",
	"r",
	"g",
	"b",
	"a",
	"gradientHandlePositions",
	"gradientStops",
	"position",
	"imageRef",
	"scaleMode",
	"imageTransform",
	"scalingFactor",
	"radius",
	"spread",
	"offset",
	"showShadowBehindNode",
	"path",
	"windingRule",
	"overrideID",
	"fontFamily",
	"fontSize",
	"fontWeight",
	"lineHeightPx",
	"letterSpacing",
	"textCase",
	"textDecoration",
	"textAlignHorizontal",
	"textAlignVertical",
	"textAutoResize",
	"textTruncation",
	"maxLines",
	"paragraphSpacing",
	"italic",
	"top",
	"left",
	"magnet",
	"3",
	"startingAngle",
	"endingAngle",
	"innerRadius",
};

static json_t *random_number(void)
{
	static const double odd[] = { 0,   1,    -1,      0.5, 1e300,  -1e300,       1e-300,
		                      1e7, 1e10, 3.14159, 2e9, -0.001, 4294967296.0, 0.0005 };

	if (random_below(3) == 0)
		return json_real(odd[random_below(PAT_ARRAY_LEN(odd))]);
	return random_below(2) ? json_integer((json_int_t)random_below(300) - 50)
	                       : json_real(random_below(1000) / 7.0);
}

static json_t *random_value(unsigned depth);

static json_t *random_array(unsigned depth)
{
	json_t *array = json_array();
	unsigned n = random_below(5);

	for (unsigned i = 0; i < n; i++)
		(void)json_array_append_new(array, random_value(depth - 1));
	return array;
}

static json_t *random_object(unsigned depth)
{
	json_t *object = json_object();
	unsigned n = random_below(8);

	for (unsigned i = 0; i < n; i++)
		(void)json_object_set_new(object, members[random_below(PAT_ARRAY_LEN(members))],
		                          random_value(depth - 1));
	return object;
}

static json_t *random_value(unsigned depth)
{
	switch (random_below(depth > 0 ? 9 : 6)) {
	case 0:
		return json_null();
	case 1:
		return json_boolean(random_below(2));
	case 2:
		return json_string_nocheck(texts[random_below(PAT_ARRAY_LEN(texts))]);
	case 3:
		return json_string(types[random_below(PAT_ARRAY_LEN(types))]);
	case 4:
	case 5:
		return random_number();
	case 6:
		return random_array(depth);
	default:
		return random_object(depth);
	}
}

static void wild_documents_get_good_pictures(void **state)
{
	unsigned drawn = 0;

	(void)state;
	for (uint64_t seed = 0; seed < 20000; seed++) {
		pat_cleanup(pat_buf_done) struct pat_buf out = { 0 };
		json_t *children = json_array();

		random_state = seed;
		for (unsigned i = 0; i < 4; i++) {
			json_t *child = rectangle(random_below(50), random_below(50), 50, 30);
			json_t *more = random_object(5);

			(void)json_object_set_new(child, "type",
			                          json_string(types[random_below(24)]));
			(void)json_object_update(child, more);
			json_decref(more);
			(void)json_array_append_new(children, child);
		}
		json_t *root = frame(children);
		pat_buf_init(&out, OUT_MAX);
		struct pat_draw_options options = { .nodes_max = 1000,
			                            .include_id = seed % 7 == 0,
			                            .include_node_id = seed % 11 == 0,
			                            .outline_text = seed % 2 };
		int r = draw(root, &options, &out);
		if (r != 0 && r != -EIO)
			fail_msg("seed %llu: %d", (unsigned long long)seed, r);
		drawn += r == 0;
		json_decref(root);
	}
	assert_true(drawn > 19000);
}

/* Its pages, its frames, and everything in them: each is a picture, unless it is nothing. */
static void the_sample_is_drawn(void **state)
{
	json_t *file = json_load_file(PAT_TEST_SAMPLE, 0, NULL);
	struct draw_dom dom;

	(void)state;
	assert_non_null(file);
	assert_true(draw_dom_init(&dom, json_object_get(file, "document")));
	for (uint32_t node = 0; node < dom.n; node++) {
		pat_cleanup(pat_buf_done) struct pat_buf out = { 0 };

		pat_buf_init(&out, OUT_MAX);
		assert_int_equal(draw(dom.nodes[node].json, &plain, &out), 0);
		assert_true(out.len > 130);
	}
	assert_true(dom.n > 300);
	draw_dom_done(&dom);
	json_decref(file);
}

/* The sample document, with one member after the other replaced by something else. */
static void changed_documents_get_good_pictures(void **state)
{
	json_error_t error;
	json_t *file = json_load_file(PAT_TEST_SAMPLE, 0, &error);
	json_t *document = json_object_get(file, "document");
	struct draw_dom dom;

	(void)state;
	assert_non_null(file);
	assert_true(draw_dom_init(&dom, document));
	for (uint64_t seed = 0; seed < 60; seed++) {
		pat_cleanup(pat_buf_done) struct pat_buf out = { 0 };
		json_t *changed[20];
		json_t *was[20];
		const char *which[20];

		random_state = seed;
		for (size_t i = 0; i < 20; i++) {
			changed[i] = dom.nodes[1 + random_below(dom.n - 1)].json;
			which[i] = members[random_below(36)];
			was[i] = json_incref(json_object_get(changed[i], which[i]));
			(void)json_object_set_new(changed[i], which[i], random_value(4));
		}
		pat_buf_init(&out, OUT_MAX);
		int r = draw(json_array_get(json_object_get(document, "children"), seed % 3),
		             &plain, &out);
		if (r != 0 && r != PAT_DRAW_E_NOTHING && r != -EIO)
			fail_msg("seed %llu: %d", (unsigned long long)seed, r);
		for (size_t i = 20; i-- > 0;) {
			if (was[i])
				(void)json_object_set_new(changed[i], which[i], was[i]);
			else
				(void)json_object_del(changed[i], which[i]);
		}
	}
	draw_dom_done(&dom);
	json_decref(file);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pictures_have_what_they_should),
		cmocka_unit_test(a_picture_is_scaled),
		cmocka_unit_test(elements_are_named_when_asked),
		cmocka_unit_test(letters_are_paths_when_asked),
		cmocka_unit_test(no_more_nodes_are_looked_at_than_allowed),
		cmocka_unit_test(what_is_too_deep_is_left_out),
		cmocka_unit_test(filters_are_counted),
		cmocka_unit_test(masks_are_counted),
		cmocka_unit_test(a_full_buffer_is_an_outcome),
		cmocka_unit_test(faults_are_passed_on),
		cmocka_unit_test(a_fault_of_a_picture_is_passed_on),
		cmocka_unit_test(wild_documents_get_good_pictures),
		cmocka_unit_test(the_sample_is_drawn),
		cmocka_unit_test(changed_documents_get_good_pictures),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
