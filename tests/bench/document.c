/* SPDX-License-Identifier: Apache-2.0
 *
 *   document KIND MIB    what it costs to take in a design document of so many MiB, and to answer from it
 *
 * KIND is `plain` (as GET /v1/files/:key answers), `geometry` (with geometry=paths) or `minimal` (nothing but the smallest
 * nodes). Times are of this thread's processor; of each the best of a few.
 */
#include <jansson.h>

#include "bench.h"
#include "files/plan.h"

#define PIECE_BYTES  (64u << 10) /* what a body comes in */
#define WINDOW_BYTES (64u << 10)
#define ROUNDS       5
#define LEVELS       7

struct document {
	struct pat_buf text;
	uint64_t random;
	uint32_t n_ids;
	const char *kind;
	size_t bytes; /* to reach */
};

static void add(struct document *d, const char *text)
{
	must(pat_buf_add_str(&d->text, text) == 0, "the text");
}

static double number(struct document *d, double size)
{
	return (double)(random_next(&d->random) >> 11) / 9007199254740992.0 * size;
}

static void add_box(struct document *d, const char *key)
{
	must(pat_buf_addf(&d->text,
	                  "\"%s\":{\"x\":%.13g,\"y\":%.1f,\"width\":%.1f,\"height\":%.13g},", key,
	                  number(d, 4000) - 2000, number(d, 4000), number(d, 900),
	                  number(d, 900)) == 0,
	     "a box");
}

static void add_path(struct document *d)
{
	add(d, "\"fillGeometry\":[{\"path\":\"M0 0");
	for (uint64_t n = random_next(&d->random) % 40; n > 0; n--)
		must(pat_buf_addf(&d->text, "L%.4f %.4f", number(d, 300), number(d, 300)) == 0,
		     "a path");
	add(d, "Z\",\"windingRule\":\"NONZERO\"}],\"strokeGeometry\":[],");
}

static void add_members(struct document *d, const char *type)
{
	bool geometry = strcmp(d->kind, "geometry") == 0;
	uint32_t id = d->n_ids++;

	must(pat_buf_addf(
		     &d->text,
		     "{\"id\":\"n:%u:%u\",\"name\":\"%s %u\",\"type\":\"%s\",\"scrollBehavior\":\"SCROLLS\","
		     "\"blendMode\":\"PASS_THROUGH\",",
		     id / 1000, id, type, id % 100, type) == 0,
	     "a node");
	add_box(d, "absoluteBoundingBox");
	add_box(d, "absoluteRenderBounds");
	if (geometry)
		add(d, "\"relativeTransform\":[[1.0,0.0,12.5],[0.0,1.0,-371.0]],"
		       "\"size\":{\"x\":120.0,\"y\":48.0},");
	if (geometry)
		add_path(d);
	if (id % 3 == 0)
		must(pat_buf_addf(&d->text, "\"styles\":{\"fill\":\"9:%u\"},", id % 200) == 0,
		     "styles");
	must(pat_buf_addf(
		     &d->text,
		     "\"constraints\":{\"vertical\":\"TOP\",\"horizontal\":\"LEFT\"},\"fills\":[{\"blendMode\":"
		     "\"NORMAL\",\"type\":\"SOLID\",\"color\":{\"r\":%.17g,\"g\":%.17g,\"b\":%.17g,\"a\":1.0}}],"
		     "\"strokes\":[],\"strokeWeight\":1.0,\"strokeAlign\":\"INSIDE\",\"effects\":[],\"interactions\":[]",
		     number(d, 1), number(d, 1), number(d, 1)) == 0,
	     "fills");
}

static void add_tree(struct document *d, unsigned level)
{
	if (level == LEVELS || random_next(&d->random) % 100 < 45) {
		add_members(d, "RECTANGLE");
		add(d, "}");
		return;
	}
	add_members(d, "FRAME");
	add(d, ",\"children\":[");
	for (uint64_t n = 1 + random_next(&d->random) % 8; n > 0; n--) {
		add_tree(d, level + 1);
		add(d, n > 1 ? "," : "]}");
	}
}

static void add_minimal(struct document *d)
{
	must(pat_buf_addf(&d->text, "{\"id\":\"%x\",\"type\":\"\",\"name\":\"\"}", d->n_ids++) == 0,
	     "a node");
}

static void add_document(struct document *d)
{
	bool minimal = strcmp(d->kind, "minimal") == 0;

	add(d,
	    "{\"document\":{\"id\":\"0:0\",\"name\":\"Document\",\"type\":\"DOCUMENT\",\"children\":[");
	for (unsigned page = 0; page == 0 || d->text.len < d->bytes; page++) {
		must(pat_buf_addf(
			     &d->text,
			     "%s{\"id\":\"p:%u\",\"name\":\"Page\",\"type\":\"CANVAS\",\"children\":[",
			     page > 0 ? "," : "", page) == 0,
		     "a page");
		for (size_t end = d->text.len + d->bytes / 5, n = 0; d->text.len < end; n++) {
			add(d, n > 0 ? "," : "");
			if (minimal)
				add_minimal(d);
			else
				add_tree(d, 2);
		}
		add(d, "]}");
	}
	add(d, "]},\"components\":{},\"componentSets\":{},\"styles\":{");
	for (unsigned i = 0; i < 200; i++)
		must(pat_buf_addf(
			     &d->text,
			     "%s\"9:%u\":{\"key\":\"%040x\",\"name\":\"Color\",\"styleType\":\"FILL\",\"remote\":false,"
			     "\"description\":\"\"}",
			     i > 0 ? "," : "", i, i) == 0,
		     "a style");
	add(d, "},\"schemaVersion\":0,\"name\":\"Big\",\"editorType\":\"figma\"}");
}

static int count_token(void *arg, const struct pat_scan_token *token)
{
	*(uint64_t *)arg += token->kind;
	return 0;
}

static void run_scan(const struct document *d)
{
	struct pat_scan scan;
	uint64_t sum = 0;
	int r = 0;

	pat_scan_init(&scan, count_token, &sum);
	for (size_t at = 0; at < d->text.len && r == 0; at += PIECE_BYTES) {
		size_t left = d->text.len - at;

		r = pat_scan_feed(&scan, d->text.data + at,
		                  left < PIECE_BYTES ? left : PIECE_BYTES);
	}
	must(r == 0 && pat_scan_finish(&scan) == 0 && sum > 0, "scanning");
}

static void make_outline(const struct document *d, struct pat_outline *ret)
{
	pat_cleanup(pat_outliner_freep) struct pat_outliner *outliner = NULL;
	pat_cleanup(pat_buf_done) struct pat_buf why = { 0 };
	int r = 0;

	pat_buf_init(&why, 1000);
	must(pat_outliner_new(&outliner) == 0, "an outliner");
	for (size_t at = 0; at < d->text.len && r == 0; at += PIECE_BYTES) {
		size_t left = d->text.len - at;

		r = pat_outliner_feed(outliner, d->text.data + at,
		                      left < PIECE_BYTES ? left : PIECE_BYTES, &why);
	}
	if (r == 0)
		r = pat_outliner_finish(outliner, ret, &why);
	must(r == 0, pat_buf_str(&why));
}

static int read_text(void *arg, uint32_t at, void *out, uint32_t len)
{
	const struct document *d = arg;

	memcpy(out, d->text.data + at, len);
	return 0;
}

static int emit(void *arg, const void *bytes, size_t len)
{
	*(uint64_t *)arg += len + *(const uint8_t *)bytes;
	return 0;
}

/* Plans an answer, and sends it. */
static void run_plan(const char *name, const struct pat_outline *outline, struct document *d,
                     uint32_t node, const struct pat_plan_tree *tree)
{
	struct pat_text text = { .read = read_text, .arg = d };
	uint64_t plan_ns = UINT64_MAX;
	uint64_t send_ns = UINT64_MAX;
	uint64_t bytes = 0;

	for (unsigned i = 0; i < ROUNDS; i++) {
		pat_cleanup(pat_plan_freep) struct pat_plan *plan = NULL;
		uint64_t sum = 0;
		uint64_t begin = cpu_ns();

		must(pat_plan_new(0, &plan) == 0, "a plan");
		must(pat_plan_node(plan, outline, node, tree) == 0, "planning");
		uint64_t planned = cpu_ns();
		must(pat_plan_send(plan, &text, WINDOW_BYTES, emit, &sum) == 0, "sending");
		uint64_t sent = cpu_ns();
		bytes = pat_plan_bytes(plan);
		plan_ns = planned - begin < plan_ns ? planned - begin : plan_ns;
		send_ns = sent - planned < send_ns ? sent - planned : send_ns;
	}
	printf("%s_bytes=%llu %s_plan_us=%.1f %s_send_us=%.1f ", name, (unsigned long long)bytes,
	       name, (double)plan_ns / 1e3, name, (double)send_ns / 1e3);
}

static void run_plans(const struct pat_outline *outline, struct document *d)
{
	pat_cleanup(pat_freep) uint8_t *wanted = calloc(PAT_PLAN_WANTED_BYTES(outline->n_nodes), 1);

	must(wanted != NULL, "memory");
	for (uint32_t i = 0; i < 10; i++)
		pat_plan_want(wanted, (uint32_t)((uint64_t)outline->n_nodes * (2 * i + 1) / 20));
	run_plan("node", outline, d, outline->n_nodes / 2,
	         &(struct pat_plan_tree){ .levels = UINT32_MAX });
	run_plan("depth1", outline, d, 0, &(struct pat_plan_tree){ .levels = 1 });
	run_plan("depth2", outline, d, 0, &(struct pat_plan_tree){ .levels = 2 });
	run_plan("ids10", outline, d, 0,
	         &(struct pat_plan_tree){ .levels = UINT32_MAX, .wanted = wanted, .pages = true });
	run_plan("whole", outline, d, 0, &(struct pat_plan_tree){ .levels = UINT32_MAX });
	run_plan("paths", outline, d, 0,
	         &(struct pat_plan_tree){ .levels = UINT32_MAX, .geometry = true });
}

/* The best of a few. */
#define BEST(ns, what)                                                    \
	for (unsigned round_ = 0; round_ < ROUNDS; round_++) {            \
		uint64_t begin_ = cpu_ns();                               \
		what;                                                     \
		ns = cpu_ns() - begin_ < (ns) ? cpu_ns() - begin_ : (ns); \
	}

static void run_load(const struct pat_buf *kept)
{
	struct pat_outline loaded;

	must(pat_outline_load(kept->data, kept->len, &loaded) == 0, "loading");
	pat_outline_done(&loaded);
}

static void run_outline(const struct document *d)
{
	struct pat_outline outline;

	make_outline(d, &outline);
	pat_outline_done(&outline);
}

/* Peak memory is counted from now on. */
static void forget_peak(void)
{
	FILE *f = fopen("/proc/self/clear_refs", "we");

	must(f && fputs("5", f) >= 0 && fclose(f) == 0, "writing /proc/self/clear_refs");
}

/* What it would cost to have the document as a tree. */
static void run_jansson(const struct document *d)
{
	forget_peak();
	uint64_t before = status_bytes("VmRSS");
	uint64_t begin = cpu_ns();
	json_t *tree = json_loadb(d->text.data, d->text.len, 0, NULL);
	uint64_t ns = cpu_ns() - begin;

	must(tree != NULL, "jansson");
	printf("jansson_mb_s=%.0f jansson_peak=%.2f ", (double)d->text.len * 1e3 / (double)ns,
	       (double)(status_bytes("VmHWM") - before) / (double)d->text.len);
	json_decref(tree);
}

static void run_all(struct document *d)
{
	struct pat_outline outline;
	struct pat_buf kept;
	uint64_t scan_ns = UINT64_MAX;
	uint64_t outline_ns = UINT64_MAX;
	uint64_t load_ns = UINT64_MAX;
	double bytes = (double)d->text.len;

	/* First of all, while nothing else was given back. */
	forget_peak();
	uint64_t before = status_bytes("VmRSS");
	make_outline(d, &outline);
	pat_buf_init(&kept, PAT_DOCUMENT_BYTES_MAX);
	must(pat_outline_save(&outline, &kept) == 0, "keeping");
	uint64_t peak = status_bytes("VmHWM") - before;
	BEST(scan_ns, run_scan(d))
	BEST(outline_ns, run_outline(d))
	BEST(load_ns, run_load(&kept))
	printf("bytes=%.0f nodes=%u scan_mb_s=%.0f outline_mb_s=%.0f build_peak=%.2f kept_bytes_node=%.1f load_us=%.0f "
	       "load_ns_node=%.0f ",
	       bytes, outline.n_nodes, bytes * 1e3 / (double)scan_ns,
	       bytes * 1e3 / (double)outline_ns, (double)peak / bytes,
	       (double)kept.len / outline.n_nodes, (double)load_ns / 1e3,
	       (double)load_ns / outline.n_nodes);
	run_plans(&outline, d);
	run_jansson(d);
	pat_outline_done(&outline);
	pat_buf_done(&kept);
}

int main(int argc, char **argv)
{
	must(argc == 3, "reading the arguments");
	struct document d = { .random = 7,
		              .kind = argv[1],
		              .bytes = (size_t)strtoul(argv[2], NULL, 10) << 20 };

	pat_buf_init(&d.text, 2 * PAT_DOCUMENT_BYTES_MAX);
	add_document(&d);
	run_all(&d);
	printf("\n");
	pat_buf_done(&d.text);
	return 0;
}
