/* SPDX-License-Identifier: Apache-2.0
 *
 * `patd nodes`. Only a running patd knows: how long another has been silent is measured by whoever has been watching it.
 */
#include "patd/nodes.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "patd/command.h"
#include "patd/control.h"

/* ---- Doing. */

static int list_one(void *arg, const struct pat_core_node_view *node)
{
	return json_array_append_new(arg,
	                             json_pack("{s:s, s:s, s:I, s:I, s:I, s:s, s:b}", "node",
	                                       node->label, "incarnation", node->incarnation,
	                                       "lease_ms", (json_int_t)node->lease_ms, "behind",
	                                       (json_int_t)node->behind, "silent_ms",
	                                       (json_int_t)node->silent_ms, "state",
	                                       pat_core_node_state(node), "self", node->self)) == 0
	               ? 0
	               : -ENOMEM;
}

json_t *pat_nodes_do(struct pat_core *core, const json_t *request)
{
	const char *what = json_string_value(json_object_get(request, "do"));

	if (!what || strcmp(what, "nodes") != 0)
		return NULL;
	json_t *list = json_array();
	int r = list ? pat_core_node_list(core, list_one, list) : -ENOMEM;
	if (r == 0)
		return json_pack("{s:b, s:o}", "ok", 1, "nodes", list);
	json_decref(list);
	return json_pack("{s:b, s:s}", "ok", 0, "error",
	                 r == -ENOMEM ? "the running patd is out of memory"
	                              : "the database does not answer the running patd");
}

/* ---- Asking. */

static const char *text(const json_t *node, const char *key)
{
	const char *value = json_string_value(json_object_get(node, key));

	return value ? value : "";
}

static int64_t number(const json_t *node, const char *key)
{
	return json_integer_value(json_object_get(node, key));
}

static void print_row(const char *name, const char *state, const char *lease, const char *behind,
                      const char *heard, const char *incarnation)
{
	(void)printf("%-24s %-8s %-8s %-8s %-12s %s\n", name, state, lease, behind, heard,
	             incarnation);
}

static void print_node(const json_t *node)
{
	char lease[32];
	char behind[32];
	char heard[32];

	(void)snprintf(lease, sizeof(lease), "%g s", (double)number(node, "lease_ms") / 1000);
	(void)snprintf(behind, sizeof(behind), "%" PRId64, number(node, "behind"));
	(void)snprintf(heard, sizeof(heard), "%.1f s ago",
	               (double)number(node, "silent_ms") / 1000);
	print_row(text(node, "node"), text(node, "state"), lease, behind,
	          json_is_true(json_object_get(node, "self")) ? "this node" : heard,
	          text(node, "incarnation"));
}

static int report(const json_t *answer, struct pat_err *err)
{
	const json_t *nodes = json_object_get(answer, "nodes");
	const char *error = json_string_value(json_object_get(answer, "error"));
	size_t i = 0;
	const json_t *node = NULL;

	if (!json_is_true(json_object_get(answer, "ok")))
		return pat_err_set(err, -EIO, "%s", error ? error : "the answer made no sense");
	if (json_array_size(nodes) == 0) {
		(void)printf(
			"There are no nodes: this patd is alone on its database, and a revoke is in force when it returns.\n");
		return 0;
	}
	print_row("NODE", "STATE", "LEASE", "BEHIND", "HEARD", "INCARNATION");
	json_array_foreach(nodes, i, node) print_node(node);
	if (json_array_size(nodes) == 1)
		(void)printf("There are no others on this database.\n");
	return 0;
}

int pat_command_nodes(const struct pat_settings *settings)
{
	struct pat_err err = { { 0 } };
	struct pat_place place;
	json_t *request = json_pack("{s:s}", "do", "nodes");
	json_t *answer = NULL;

	int r = request ? pat_place_find(settings, false, &place, &err)
	                : pat_err_set(&err, -ENOMEM, "out of memory");
	if (r == 0) {
		r = pat_control_ask(place.control, request, &answer, &err);
		if (r == -ENOENT || r == -ECONNREFUSED)
			r = pat_err_set(
				&err, r,
				"no patd is running on %s, and only a running one knows the others: start it, or name its data "
				"folder with --data",
				place.data);
	}
	if (r == 0)
		r = report(answer, &err);
	json_decref(request);
	json_decref(answer);
	return r < 0 ? pat_command_failed(&err) : 0;
}
