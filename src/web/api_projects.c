/* SPDX-License-Identifier: Apache-2.0
 *
 * The caller's team and the projects in it.
 */
#include "web/api.h"
#include "web/api_files.h"

int pat_api_team_get(struct pat_call *call)
{
	struct pat_files_caller caller;
	struct pat_files_team team;

	int r = pat_api_files_caller(call, &caller);
	if (r != 0)
		return r;
	r = pat_files_team_own(call->context->files, &caller, &team);
	if (r != 0)
		return pat_call_refuse_files(call, r, NULL);
	struct pat_json_writer w = pat_call_json(call, 200);
	pat_json_open(&w, NULL, '{');
	pat_json_id(&w, "id", team.id);
	pat_json_text(&w, "name", team.name);
	pat_json_close(&w, '}');
	return 0;
}

/* ---- Projects. */

static int write_project(void *arg, const struct pat_files_project *project)
{
	struct pat_json_writer *w = arg;

	pat_json_open(w, NULL, '{');
	pat_json_id(w, "id", project->id);
	pat_json_text(w, "name", project->name);
	pat_json_number(w, "file_count", project->n_files);
	pat_json_time(w, "created_at", project->created_s);
	pat_json_time(w, "updated_at", project->updated_s);
	pat_json_close(w, '}');
	return 0;
}

int pat_api_projects_get(struct pat_call *call)
{
	struct pat_files_caller caller;
	struct pat_files_team team;

	int r = pat_api_files_caller(call, &caller);
	if (r != 0)
		return r;
	r = pat_files_team_own(call->context->files, &caller, &team);
	if (r != 0)
		return pat_call_refuse_files(call, r, NULL);
	struct pat_json_writer w = pat_call_json(call, 200);
	pat_json_open(&w, NULL, '{');
	pat_json_open(&w, "projects", '[');
	r = pat_files_project_list(call->context->files, &caller, team.id, write_project, &w);
	pat_json_close(&w, ']');
	pat_json_close(&w, '}');
	return r > 0 ? pat_call_refuse_files(call, r, NULL) : r;
}

static int answer_project(struct pat_call *call, int status,
                          const struct pat_files_project *project)
{
	struct pat_json_writer w = pat_call_json(call, status);

	return write_project(&w, project);
}

/* Reads {name}. */
static int read_name(struct pat_call *call, struct pat_json_field *name, json_t **ret_body)
{
	*name = (struct pat_json_field){ .name = "name", .type = PAT_JSON_TEXT };
	return pat_call_read(call, name, 1, ret_body);
}

int pat_api_projects_post(struct pat_call *call)
{
	pat_cleanup(pat_json_decrefp) json_t *body = NULL;
	struct pat_json_field name;
	struct pat_files_caller caller;
	struct pat_files_project project;

	int r = pat_api_files_caller(call, &caller);
	if (r == 0)
		r = read_name(call, &name, &body);
	if (r != 0)
		return r;
	r = pat_files_project_create(call->context->files, &caller, name.text, &project);
	if (r != 0)
		return pat_call_refuse_files(call, r, NULL);
	return answer_project(call, 201, &project);
}

int pat_api_project_patch(struct pat_call *call)
{
	pat_cleanup(pat_json_decrefp) json_t *body = NULL;
	struct pat_json_field name;
	struct pat_files_caller caller;
	struct pat_files_project project;
	int64_t id = 0;

	int r = pat_api_files_caller(call, &caller);
	if (r == 0)
		r = pat_param_id(call, call->id, &id);
	if (r == 0)
		r = read_name(call, &name, &body);
	if (r != 0)
		return r;
	r = pat_files_project_rename(call->context->files, &caller, id, name.text, &project);
	if (r != 0)
		return pat_call_refuse_files(call, r, NULL);
	return answer_project(call, 200, &project);
}

int pat_api_project_delete(struct pat_call *call)
{
	struct pat_files_caller caller;
	int64_t id = 0;

	int r = pat_api_files_caller(call, &caller);
	if (r == 0)
		r = pat_param_id(call, call->id, &id);
	if (r != 0)
		return r;
	r = pat_files_project_remove(call->context->files, &caller, id);
	return r != 0 ? pat_call_refuse_files(call, r, NULL) : pat_api_done(call);
}
