/* SPDX-License-Identifier: Apache-2.0
 *
 * Libraries: the components, component sets and styles that files publish, of a file, of a team, or one by its key.
 */
#include "web/api.h"
#include "web/product.h"

#define PAGE_USUAL 30
#define PAGE_MAX   1000

struct library {
	struct pat_call *call;
	struct pat_json_writer w;
	struct pat_people people;
	struct pat_files_caller caller;
	enum pat_outline_table kind;
	const char *key; /* of what is written: "meta", or NULL in a list */
	int64_t lowest;  /* ids in the answer */
	int64_t highest;
};

static const char *const plural[PAT_TABLES] = {
	[PAT_TABLE_COMPONENTS] = "components",
	[PAT_TABLE_COMPONENT_SETS] = "component_sets",
	[PAT_TABLE_STYLES] = "styles",
};

static void write_set(struct pat_json_writer *w, const char *key,
                      const struct pat_files_asset *asset)
{
	pat_json_open(w, key, '{');
	pat_json_text(w, "nodeId", asset->set_node_id);
	pat_json_text(w, "name", asset->set_name);
	pat_json_close(w, '}');
}

/* Where it lies. */
static void write_frame(struct pat_json_writer *w, const struct pat_files_asset *asset)
{
	if (asset->page_id[0] == '\0')
		return;
	pat_json_open(w, "containing_frame", '{');
	if (asset->frame_id[0]) {
		pat_json_text(w, "nodeId", asset->frame_id);
		pat_json_text(w, "name", asset->frame_name);
	}
	pat_json_text(w, "pageId", asset->page_id);
	pat_json_text(w, "pageName", asset->page_name);
	if (asset->set_node_id[0]) {
		write_set(w, "containingStateGroup", asset);
		write_set(w, "containingComponentSet", asset);
	}
	pat_json_close(w, '}');
}

static int write_asset(void *arg, const struct pat_files_asset *asset)
{
	struct library *l = arg;
	struct pat_json_writer *w = &l->w;

	if (l->lowest == 0 || asset->id < l->lowest)
		l->lowest = asset->id;
	if (asset->id > l->highest)
		l->highest = asset->id;
	pat_json_open(w, l->key, '{');
	pat_json_text(w, "key", asset->key);
	pat_json_text(w, "file_key", asset->file_key);
	pat_json_text(w, "node_id", asset->node_id);
	if (asset->kind == PAT_TABLE_STYLES)
		pat_json_text(w, "style_type", asset->style_type);
	pat_json_text(w, "name", asset->name);
	pat_json_text(w, "description", asset->description);
	pat_json_time(w, "created_at", asset->created_s);
	pat_json_time(w, "updated_at", asset->updated_s);
	int r = pat_people_write(&l->people, w, "user", asset->person);
	if (asset->kind == PAT_TABLE_STYLES)
		pat_json_id(w, "sort_position", asset->id);
	else
		write_frame(w, asset);
	pat_json_close(w, '}');
	return r;
}

static int begin(struct library *l, struct pat_call *call, enum pat_outline_table kind)
{
	l->call = call;
	l->kind = kind;
	pat_people_init(&l->people, call);
	return pat_product_caller(call, &l->caller);
}

static void open_answer(struct library *l)
{
	l->w = pat_call_json(l->call, 200);
	pat_json_open(&l->w, NULL, '{');
	pat_json_number(&l->w, "status", 200);
	pat_json_bool(&l->w, "error", false);
}

static int close_answer(struct library *l, int r)
{
	pat_json_close(&l->w, '}');
	return r > 0 ? pat_call_refuse_files(l->call, r, NULL) : r;
}

/* ---- Of a file. */

static int answer_file(struct pat_call *call, enum pat_outline_table kind)
{
	struct library l = { 0 };

	int r = begin(&l, call, kind);
	if (r != 0)
		return r;
	open_answer(&l);
	pat_json_open(&l.w, "meta", '{');
	pat_json_open(&l.w, plural[kind], '[');
	r = pat_files_asset_list_file(call->context->files, &l.caller, call->id, kind, write_asset,
	                              &l);
	pat_json_close(&l.w, ']');
	pat_json_close(&l.w, '}');
	return close_answer(&l, r);
}

int pat_product_file_components(struct pat_call *call)
{
	return answer_file(call, PAT_TABLE_COMPONENTS);
}

int pat_product_file_component_sets(struct pat_call *call)
{
	return answer_file(call, PAT_TABLE_COMPONENT_SETS);
}

int pat_product_file_styles(struct pat_call *call)
{
	return answer_file(call, PAT_TABLE_STYLES);
}

/* ---- Of a team. */

struct page {
	int64_t team;
	int64_t size;
	int64_t after;
	int64_t before;
};

static int read_page(struct pat_call *call, struct page *ret)
{
	*ret = (struct page){ .size = PAGE_USUAL };
	int r = pat_param_id(call, call->id, &ret->team);
	if (r == 0)
		r = pat_param_number(call, "page_size", 1, PAGE_MAX, &ret->size);
	if (r == 0)
		r = pat_param_number(call, "after", 0, INT64_MAX, &ret->after);
	if (r == 0)
		r = pat_param_number(call, "before", 0, INT64_MAX, &ret->before);
	if (r == 0 && ret->after > 0 && ret->before > 0)
		r = pat_param_refuse(call, "after", "Give before or after, not both.");
	return r;
}

/* Each of the two is there when there is something to be found by it. */
static void write_cursor(struct library *l, const struct page *page, bool more)
{
	bool upwards = page->before == 0;

	if (l->lowest == 0)
		return;
	pat_json_open(&l->w, "cursor", '{');
	if (upwards ? page->after > 0 : more)
		pat_json_number(&l->w, "before", l->lowest);
	if (upwards ? more : true)
		pat_json_number(&l->w, "after", l->highest);
	pat_json_close(&l->w, '}');
}

static int answer_team(struct pat_call *call, enum pat_outline_table kind)
{
	struct library l = { 0 };
	struct page page;
	bool more = false;

	int r = begin(&l, call, kind);
	if (r == 0)
		r = read_page(call, &page);
	if (r != 0)
		return r;
	open_answer(&l);
	pat_json_open(&l.w, "meta", '{');
	pat_json_open(&l.w, plural[kind], '[');
	r = pat_files_asset_list_team(call->context->files, &l.caller, page.team, kind, page.after,
	                              page.before, (unsigned)page.size, write_asset, &l, &more);
	pat_json_close(&l.w, ']');
	if (r == 0)
		write_cursor(&l, &page, more);
	pat_json_close(&l.w, '}');
	return close_answer(&l, r);
}

int pat_product_team_components(struct pat_call *call)
{
	return answer_team(call, PAT_TABLE_COMPONENTS);
}

int pat_product_team_component_sets(struct pat_call *call)
{
	return answer_team(call, PAT_TABLE_COMPONENT_SETS);
}

int pat_product_team_styles(struct pat_call *call)
{
	return answer_team(call, PAT_TABLE_STYLES);
}

/* ---- One by its key. */

static int answer_one(struct pat_call *call, enum pat_outline_table kind)
{
	struct library l = { .key = "meta" };

	int r = begin(&l, call, kind);
	if (r != 0)
		return r;
	open_answer(&l);
	r = pat_files_asset_get(call->context->files, &l.caller, kind, call->id, write_asset, &l);
	return close_answer(&l, r);
}

int pat_product_component(struct pat_call *call)
{
	return answer_one(call, PAT_TABLE_COMPONENTS);
}

int pat_product_component_set(struct pat_call *call)
{
	return answer_one(call, PAT_TABLE_COMPONENT_SETS);
}

int pat_product_style(struct pat_call *call)
{
	return answer_one(call, PAT_TABLE_STYLES);
}
