/* SPDX-License-Identifier: Apache-2.0
 *
 * Teams, projects and what is in them. Figma calls projects folders in the second version of its API, where they may lie in
 * each other; ours are all at the top.
 */
#include <errno.h>

#include "web/api.h"
#include "web/product.h"

#define PAGE 100 /* files that are asked for at a time */

/* ---- A team's projects. */

struct projects {
	struct pat_json_writer w;
	bool folders;
};

static int write_project(void *arg, const struct pat_files_project *project)
{
	struct projects *p = arg;

	pat_json_open(&p->w, NULL, '{');
	pat_json_id(&p->w, "id", project->id);
	pat_json_text(&p->w, "name", project->name);
	if (p->folders)
		pat_json_text(&p->w, "parent_folder_id", NULL);
	pat_json_close(&p->w, '}');
	return 0;
}

static int answer_team(struct pat_call *call, bool folders)
{
	struct projects p = { .folders = folders };
	struct pat_files_caller caller;
	struct pat_files_team team;
	int64_t id = 0;

	int r = pat_product_caller(call, &caller);
	if (r == 0)
		r = pat_param_id(call, call->id, &id);
	if (r != 0)
		return r;
	r = pat_files_team_get(call->context->files, &caller, id, &team);
	if (r != 0)
		return pat_call_refuse_files(call, r, NULL);
	p.w = pat_call_json(call, 200);
	pat_json_open(&p.w, NULL, '{');
	pat_json_text(&p.w, "name", team.name);
	pat_json_open(&p.w, folders ? "folders" : "projects", '[');
	r = pat_files_project_list(call->context->files, &caller, id, write_project, &p);
	pat_json_close(&p.w, ']');
	pat_json_close(&p.w, '}');
	return r > 0 ? pat_call_refuse_files(call, r, NULL) : r;
}

int pat_product_team_projects(struct pat_call *call)
{
	return answer_team(call, false);
}

int pat_product_team_folders(struct pat_call *call)
{
	return answer_team(call, true);
}

/* ---- One project. */

/* 0 with the project that the call is about, or 1 after refusing. */
static int find_project(struct pat_call *call, struct pat_files_caller *ret_caller,
                        struct pat_files_project *ret)
{
	int64_t id = 0;

	int r = pat_product_caller(call, ret_caller);
	if (r == 0)
		r = pat_param_id(call, call->id, &id);
	if (r != 0)
		return r;
	r = pat_files_project_get(call->context->files, ret_caller, id, ret);
	return r == 0 ? 0 : pat_call_refuse_files(call, r, NULL);
}

/* None is in a project: they are all at the top. */
int pat_product_folder_folders(struct pat_call *call)
{
	struct pat_files_caller caller;
	struct pat_files_project project;

	int r = find_project(call, &caller, &project);
	if (r != 0)
		return r;
	struct pat_json_writer w = pat_call_json(call, 200);
	pat_json_open(&w, NULL, '{');
	pat_json_text(&w, "name", project.name);
	pat_json_open(&w, "folders", '[');
	pat_json_close(&w, ']');
	pat_json_close(&w, '}');
	return 0;
}

struct listing {
	struct pat_call *call;
	struct pat_json_writer w;
	int64_t now_s;
	int64_t n;
};

static int write_file(void *arg, const struct pat_files_file *file)
{
	struct listing *l = arg;

	l->n++;
	pat_json_open(&l->w, NULL, '{');
	pat_json_text(&l->w, "key", file->key);
	pat_json_text(&l->w, "name", file->name);
	int r = pat_product_write_thumbnail(l->call, &l->w, "thumbnail_url", file, 0, l->now_s);
	pat_json_time(&l->w, "last_modified", file->touched_s);
	pat_json_close(&l->w, '}');
	return r;
}

static int write_files(struct listing *l, const struct pat_files_caller *caller, int64_t project)
{
	struct pat_files_query query = { .view = PAT_FILES_VIEW_ALL,
		                         .project = project,
		                         .order = PAT_FILES_BY_TOUCHED,
		                         .descending = true,
		                         .limit = PAGE };
	bool more = true;
	int r = 0;

	while (r == 0 && more) {
		query.offset = l->n;
		r = pat_files_file_list(l->call->context->files, caller, &query, write_file, l,
		                        &more);
	}
	return r;
}

int pat_product_project_files(struct pat_call *call)
{
	struct listing l = { .call = call };
	struct pat_files_caller caller;
	struct pat_files_project project;

	int r = find_project(call, &caller, &project);
	if (r != 0)
		return r;
	l.now_s = caller.now_s;
	l.w = pat_call_json(call, 200);
	pat_json_open(&l.w, NULL, '{');
	pat_json_text(&l.w, "name", project.name);
	pat_json_open(&l.w, "files", '[');
	r = write_files(&l, &caller, project.id);
	pat_json_close(&l.w, ']');
	pat_json_close(&l.w, '}');
	return r > 0 ? pat_call_refuse_files(call, r, NULL) : r;
}

/* The picture of a project is that of the file that changed last. */
struct thumbnail {
	struct pat_call *call;
	struct pat_json_writer *w;
	int64_t now_s;
};

static int write_thumbnail(void *arg, const struct pat_files_file *file)
{
	struct thumbnail *t = arg;

	return pat_product_write_thumbnail(t->call, t->w, "thumbnail_url", file, 0, t->now_s);
}

static int write_project_thumbnail(struct pat_call *call, struct pat_json_writer *w,
                                   const struct pat_files_caller *caller,
                                   const struct pat_files_project *project)
{
	struct thumbnail t = { .call = call, .w = w, .now_s = caller->now_s };
	struct pat_files_query query = { .view = PAT_FILES_VIEW_ALL,
		                         .project = project->id,
		                         .order = PAT_FILES_BY_TOUCHED,
		                         .descending = true,
		                         .limit = 1 };
	bool more = false;

	if (project->n_files == 0) {
		pat_json_text(w, "thumbnail_url", NULL);
		return 0;
	}
	return pat_files_file_list(call->context->files, caller, &query, write_thumbnail, &t,
	                           &more);
}

int pat_product_project_meta(struct pat_call *call)
{
	struct pat_files_caller caller;
	struct pat_files_project project;

	int r = find_project(call, &caller, &project);
	if (r != 0)
		return r;
	struct pat_json_writer w = pat_call_json(call, 200);
	pat_json_open(&w, NULL, '{');
	pat_json_id(&w, "id", project.id);
	pat_json_text(&w, "name", project.name);
	r = write_project_thumbnail(call, &w, &caller, &project);
	pat_json_number(&w, "file_count", project.n_files);
	pat_json_time(&w, "updated_at", project.updated_s);
	pat_json_time(&w, "created_at", project.created_s);
	pat_json_close(&w, '}');
	return r > 0 ? pat_call_refuse_files(call, r, NULL) : r;
}
