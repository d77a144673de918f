/* SPDX-License-Identifier: Apache-2.0
 *
 * What commands share. A request is either sent to the running patd or done here on the store. Done here, an index that
 * verifiers may still be reading is rebuilt too, so that what was changed is true at once for an edge that outlived its patd.
 */
#include "patd/command.h"

#include <errno.h>
#include <unistd.h>

#include "core/core.h"
#include "haproxy/map.h"
#include "index/layout.h"
#include "patd/control.h"
#include "patd/product.h"

int pat_command_failed(const struct pat_err *err)
{
	(void)fprintf(stderr, "patd: %s\n", err->text);
	return 1;
}

int pat_command_built_in(struct pat_rules **ret, struct pat_err *err)
{
	*ret = pat_products_built_in();
	return *ret ? 0 : pat_err_set(err, -ENOMEM, "out of memory");
}

static bool index_there(const struct pat_place *place)
{
	char path[sizeof(place->runtime) + sizeof(PAT_INDEX_FILE) + 1];

	(void)snprintf(path, sizeof(path), "%s/%s", place->runtime, PAT_INDEX_FILE);
	return access(path, F_OK) == 0;
}

/* No patd is running: open what it would open, do the request, close. */
static int do_here(const struct pat_settings *settings, const struct pat_place *place,
                   const json_t *request, json_t **ret, struct pat_err *err)
{
	pat_cleanup(pat_rules_freep) struct pat_rules *built_in = NULL;
	struct pat_catalogue *catalogue = NULL;
	struct pat_catalogue *own = NULL;
	struct pat_haproxy_map *haproxy = NULL;
	struct pat_core_config config;
	struct pat_core *core = NULL;

	int r = pat_catalogue_load(place->scopes, &catalogue, err);
	if (r == 0)
		r = pat_catalogue_load(place->own_scopes, &own, err);
	if (r == 0)
		r = pat_command_built_in(&built_in, err);
	if (r == 0)
		r = pat_command_core_config(settings, place, catalogue, own, built_in, &config,
		                            err);
	if (r == 0) {
		/* On a server others may serve what this process would not know of: verifiers here wait for a node of theirs. */
		if (!index_there(place) || pat_store_location_is_url(place->store))
			config.index_directory = NULL;
		config.node_label = NULL;
		r = pat_core_open(&config, &core, err);
		pat_wipe(&config.row_key, sizeof(config.row_key));
	}
	if (r == 0)
		r = pat_command_haproxy(settings, place, &haproxy, err);
	if (r == 0) {
		*ret = pat_control_do(core, request);
		r = *ret ? 0 : pat_err_set(err, -ENOMEM, "out of memory");
	}
	/* Whatever was changed: HAProxy believes nothing until patd runs again. */
	pat_haproxy_map_stop(haproxy);
	pat_haproxy_map_free(haproxy);
	pat_core_close(core);
	pat_catalogue_free(catalogue);
	pat_catalogue_free(own);
	return r;
}

int pat_command_ask(const struct pat_settings *settings, const json_t *request, bool makes_place,
                    json_t **ret, struct pat_err *err)
{
	struct pat_place place;
	int r = pat_place_find(settings, makes_place, &place, err);

	if (r < 0)
		return r;
	r = pat_control_ask(place.control, request, ret, err);
	return r == -ENOENT || r == -ECONNREFUSED ? do_here(settings, &place, request, ret, err)
	                                          : r;
}
