/* SPDX-License-Identifier: Apache-2.0
 *
 * `patd run` and `patd serve`: one zeroed struct is filled step by step, and the same server_done()
 * serves every failure and the normal end. The sockets open only after the new index is in place, so no
 * change can be acknowledged that the index in force does not know.
 */
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/crypto.h"
#include "base/log.h"
#include "base/socket.h"
#include "core/core.h"
#include "files/files.h"
#include "haproxy/map.h"
#include "mail/smtp.h"
#include "patd/command.h"
#include "patd/control.h"
#include "patd/edge.h"
#include "patd/product.h"
#include "store/store.h"
#include "web/json.h"
#include "web/router.h"
#include "web/server.h"

#define EDGE_RESTART_WAIT_MS 1000
#define GREETING_BYTES_MAX   4096
#define WEB_STOP_MS          15000
#define API_DOCUMENT_MAX     (1024u * 1024)

struct server {
	const struct pat_settings *settings;
	struct pat_place place;
	struct pat_catalogue *catalogue;
	struct pat_catalogue *own; /* patd's own scopes */
	struct pat_buf api_document;
	struct pat_rules *built_in;
	struct pat_haproxy_map *haproxy; /* NULL: no HAProxy has a map */
	struct pat_smtp *smtp;           /* NULL: no mail is sent */
	struct pat_mailer mailer;
	struct pat_core *core;
	struct pat_files *files; /* NULL: the product is off */
	int listen_fd;
	struct pat_web *web;
	struct pat_control *control;
	struct pat_edge *edge;
	bool whole; /* the edge was ours, and has been stopped */
	int signal_fd;
	int lock_fd; /* the data folder's */
};

int pat_command_core_config(const struct pat_settings *s, const struct pat_place *place,
                            const struct pat_catalogue *catalogue, const struct pat_catalogue *own,
                            const struct pat_rules *built_in, struct pat_core_config *ret,
                            struct pat_err *err)
{
	*ret = (struct pat_core_config){
		.store = place->store,
		.node_label = s->lease_seconds > 0 ? place->node : NULL,
		.lease_ms = s->lease_seconds * 1000,
		.waiting_max = (unsigned)s->threads / 4,
		.strict = s->consistency == PAT_CONSISTENCY_STRICT,
		.journal = place->journal,
		.index_directory = place->runtime,
		.index_group = place->edge_group,
		.index_tokens_max = (uint64_t)s->tokens_total_max,
		.token_prefix = s->token_prefix,
		.expires_days_max = s->token_expires_days_max,
		.expires_days_default = s->token_expires_days_default,
		.never_allowed = s->token_never_allowed,
		.live_tokens_max = (unsigned)s->tokens_live_max,
		.creates_per_hour_max = (unsigned)s->tokens_per_hour_max,
		.expired_keep_days = s->token_expired_keep_days,
		.usage_addresses = s->usage_addresses,
		.fresh_sign_in_s = s->token_fresh_sign_in_minutes * 60,
		.session_idle_s = s->session_idle_hours * 3600,
		.session_max_s = s->session_max_days * 86400,
		.sessions_live_max = (unsigned)s->sessions_live_max,
		.argon2_memory_kib = (unsigned)s->argon2_memory_kib,
		.argon2_passes = (unsigned)s->argon2_passes,
		.argon2_parallel = (unsigned)s->argon2_parallel,
		.argon2_waiting = (unsigned)s->argon2_waiting,
		.common_passwords = place->passwords,
		.catalogue = catalogue,
		.built_in = built_in,
		.built_in_name = PAT_PRODUCT_BUILT_IN,
		.own = own,
		.own_name = PAT_OWN_PRODUCT,
	};
	return pat_place_row_key(place, &ret->row_key, err);
}

/* Signals arrive at a descriptor; threads started later inherit the mask. */
static int take_signals(struct server *server, struct pat_err *err)
{
	sigset_t set;

	(void)sigemptyset(&set);
	(void)sigaddset(&set, SIGINT);
	(void)sigaddset(&set, SIGTERM);
	(void)sigaddset(&set, SIGHUP);
	(void)pthread_sigmask(SIG_BLOCK, &set, NULL);
	(void)signal(SIGPIPE, SIG_IGN);
	server->signal_fd = signalfd(-1, &set, SFD_CLOEXEC);
	return server->signal_fd < 0
	               ? pat_err_set(err, -errno, "signalfd: %s", pat_err_words(errno))
	               : 0;
}

/* What tokens need space for: their database, or, where that is a server's, the journal of revocations. */
static const char *reserve_for(const struct pat_place *place)
{
	return pat_store_location_is_url(place->store) ? place->data : place->store;
}

/* Addresses of pictures are signed by a key that follows from the row key: it is the same after a restart. */
static int open_files(struct server *server, const struct pat_row_key *row_key, struct pat_err *err)
{
	static const char use[] = "patd: addresses of pictures";
	const struct pat_settings *s = server->settings;
	struct pat_files_config config = { .store = server->place.files,
		                           .core = server->core,
		                           .sample = server->place.sample,
		                           .team_bytes_max = (uint64_t)s->files_team_mib << 20,
		                           .reserve_bytes = (uint64_t)s->files_reserve_mib << 20,
		                           .reserve_for = reserve_for(&server->place) };

	int r = pat_hmac_sha256(row_key->bytes, use, sizeof(use) - 1, config.picture_key);
	if (r < 0)
		return pat_err_set(err, r, "out of memory");
	r = pat_files_open(&config, &server->files, err);
	pat_wipe(config.picture_key, sizeof(config.picture_key));
	return r == 0 ? pat_files_keeper_start(server->files, err) : r;
}

int pat_command_haproxy(const struct pat_settings *s, const struct pat_place *place,
                        struct pat_haproxy_map **ret, struct pat_err *err)
{
	*ret = NULL;
	if (*s->haproxy_master == '\0')
		return 0;
	return pat_haproxy_map_new(
		&(struct pat_haproxy_map_config){ .master = s->haproxy_master,
	                                          .map = s->haproxy_map,
	                                          .index_directory = place->runtime,
	                                          .lease_s = s->haproxy_lease_seconds },
		ret, err);
}

/* What GET /api/v1/openapi.yaml answers. */
static int read_api_document(struct server *server, struct pat_err *err)
{
	const char *path = server->place.api_document;
	struct pat_buf *out = &server->api_document;
	FILE *file = fopen(path, "re");
	char part[4096];
	size_t len = 0;

	if (!file)
		return pat_err_set(err, -errno, "cannot open %s: %s", path, pat_err_words(errno));
	pat_buf_init(out, API_DOCUMENT_MAX);
	while ((len = fread(part, 1, sizeof(part), file)) > 0)
		(void)pat_buf_add(out, part, len);
	bool failed = ferror(file) != 0;
	(void)fclose(file);
	if (failed || pat_buf_error(out) != 0)
		return pat_err_set(err, -EIO, "cannot read %s", path);
	return 0;
}

static int open_listener(struct server *server, struct pat_err *err)
{
	const struct pat_place *place = &server->place;
	int r = pat_socket_listen(place->socket, 0660, place->edge_group, 1024, &server->listen_fd);

	if (r < 0)
		return pat_err_set(err, r, "cannot listen at %s: %s", place->socket,
		                   pat_err_words(r));
	return 0;
}

static int open_mail(struct server *server, struct pat_core_config *config, struct pat_err *err)
{
	const struct pat_settings *s = server->settings;
	struct pat_smtp_config smtp;

	if (*s->mail_url == '\0')
		return 0;
	pat_command_smtp_config(s, &smtp);
	int r = pat_smtp_new(&smtp, &server->smtp, err);
	server->mailer = (struct pat_mailer){ .send = pat_smtp_send, .arg = server->smtp };
	config->mailer = &server->mailer;
	config->pages_url = s->public_url;
	return r;
}

static int open_brain(struct server *server, struct pat_err *err)
{
	const struct pat_settings *s = server->settings;
	struct pat_core_config config;

	int r = pat_place_find(s, true, &server->place, err);
	if (r == 0)
		r = pat_place_lock(&server->place, &server->lock_fd, err);
	if (r == 0)
		r = pat_catalogue_load(server->place.scopes, &server->catalogue, err);
	if (r == 0)
		r = pat_catalogue_load(server->place.own_scopes, &server->own, err);
	if (r == 0)
		r = read_api_document(server, err);
	if (r == 0)
		r = pat_command_built_in(&server->built_in, err);
	if (r == 0)
		r = pat_command_core_config(s, &server->place, server->catalogue, server->own,
		                            server->built_in, &config, err);
	if (r == 0)
		r = pat_command_haproxy(s, &server->place, &server->haproxy, err);
	if (r < 0)
		return r;
	if (server->haproxy)
		config.mirror = pat_haproxy_map_mirror(server->haproxy);
	r = open_mail(server, &config, err);
	if (r == 0)
		r = pat_core_open(&config, &server->core, err);
	if (r == 0 && server->haproxy)
		r = pat_haproxy_map_start(server->haproxy, err);
	if (r == 0 && s->files)
		r = open_files(server, &config.row_key, err);
	pat_wipe(&config.row_key, sizeof(config.row_key));
	if (r == 0)
		r = open_listener(server, err);
	if (r == 0)
		r = pat_control_start(server->place.control, server->core, &server->control, err);
	if (r == 0)
		r = pat_web_new(&(struct pat_web_config){ .core = server->core,
		                                          .files = server->files,
		                                          .catalogue = server->catalogue,
		                                          .api_document = &server->api_document,
		                                          .listen_fd = server->listen_fd,
		                                          .threads = (unsigned)s->threads,
		                                          .api_docs_url = s->api_docs_url,
		                                          .public_url = *s->public_url
		                                                                ? s->public_url
		                                                                : NULL },
		                &server->web, err);
	return r;
}

/* What a person at the terminal needs to know, in one piece. While nobody exists that includes a one-time link, made
 * anew at every start. It goes to standard output, never to the log. */
static void greet(const struct server *server)
{
	const char *url = server->settings->public_url;
	const char *scheme = *url ? "" : "http://";
	struct pat_secret code = { 0 };

	/* Not by printf(): standard output's buffer would keep the code. */
	pat_cleanup(pat_buf_done) struct pat_buf text = { 0 };

	pat_buf_init(&text, GREETING_BYTES_MAX);
	if (!*url)
		url = server->settings->listen;
	bool nobody = pat_core_setup_begin(server->core, &code) == 0;
	if (server->edge)
		(void)pat_buf_addf(&text,
		                   "patd serves %s%s\n(for an nginx of your own: pat_index %s;)\n",
		                   scheme, url, server->place.runtime);
	if (nobody)
		(void)pat_buf_addf(
			&text,
			"\nNobody has an account yet. Set up the first one here (the link works once):\n\n"
			"    %s%s/setup#%s\n\n",
			scheme, url, code.text);
	pat_secret_done(&code);
	/* Whether anybody reads it is theirs to know. */
	ssize_t ignored = write(STDOUT_FILENO, pat_buf_str(&text), text.len);
	(void)ignored;
}

static void announce(const struct server *server)
{
	pat_log(PAT_LOG_INFO, "patd.serving", "version", PAT_VERSION, "listen",
	        server->edge ? server->settings->listen : "", "socket", server->place.socket, NULL);
	greet(server);
}

/* nginx has ended by itself: say so, and start it again, once a second until it stays. */
static void revive_edge(struct server *server)
{
	struct pat_err err = { { 0 } };

	pat_log(PAT_LOG_ERROR, "edge.ended", NULL);
	(void)poll(NULL, 0, EDGE_RESTART_WAIT_MS);
	if (pat_edge_restart(server->edge, &err) < 0)
		pat_log(PAT_LOG_ERROR, "edge.not_restarted", "error", err.text, NULL);
	else
		pat_log(PAT_LOG_INFO, "edge.restarted", NULL);
}

/* Until SIGINT or SIGTERM. SIGHUP is what terminals send when they close: it ends `patd run` too. */
static void wait_for_end(struct server *server)
{
	for (;;) {
		struct pollfd p[2] = {
			{ .fd = server->signal_fd, .events = POLLIN },
			{ .fd = server->edge ? pat_edge_fd(server->edge) : -1, .events = POLLIN },
		};
		bool dead = server->edge && pat_edge_fd(server->edge) < 0;

		if (poll(p, 2, dead ? 0 : -1) < 0 && errno != EINTR)
			return;
		if (p[0].revents & POLLIN)
			return;
		if (dead || (p[1].revents & POLLIN))
			revive_edge(server);
	}
}

/* Web threads that do not end in time keep what they use: the process exits around them. */
static void server_done(struct server *server)
{
	server->whole = server->edge != NULL;
	pat_edge_stop(server->edge);
	if (server->web && pat_web_stop(server->web, WEB_STOP_MS) < 0) {
		pat_log(PAT_LOG_ERROR, "patd.stopped_late", NULL);
		_exit(1);
	}
	pat_web_free(server->web);
	pat_control_stop(server->control);
	pat_files_close(server->files);
	/* Before the index is let go, which others then change without telling. */
	pat_haproxy_map_stop(server->haproxy);
	/* `patd run` is the whole product: with its edge gone, its index goes too. */
	if (server->whole)
		pat_core_end(server->core);
	else
		pat_core_close(server->core);
	pat_haproxy_map_free(server->haproxy);
	pat_smtp_free(server->smtp);
	pat_catalogue_free(server->catalogue);
	pat_catalogue_free(server->own);
	pat_buf_done(&server->api_document);
	pat_rules_free(server->built_in);
	if (server->listen_fd >= 0)
		(void)unlink(server->place.socket);
	if (server->whole)
		pat_place_clear(&server->place);
	pat_closep(&server->listen_fd);
	pat_closep(&server->signal_fd);
	pat_closep(&server->lock_fd);
}

int pat_command_serve(const struct pat_settings *settings, bool edge)
{
	struct server server = {
		.settings = settings, .listen_fd = -1, .signal_fd = -1, .lock_fd = -1
	};
	struct pat_err err = { { 0 } };

	pat_json_init();
	int r = take_signals(&server, &err);
	if (r == 0)
		r = open_brain(&server, &err);
	if (r == 0 && edge)
		r = pat_edge_start(settings, &server.place, &server.edge, &err);
	if (r == 0) {
		announce(&server);
		wait_for_end(&server);
		pat_log(PAT_LOG_INFO, "patd.stopping", NULL);
	}
	server_done(&server);
	return r < 0 ? pat_command_failed(&err) : 0;
}

/* What can be looked at without a patd that runs, and without making anything. */
static int check_place(const struct pat_settings *settings, struct pat_err *err)
{
	struct pat_catalogue *catalogue = NULL;
	struct pat_row_key key;
	struct pat_place place;

	int r = pat_place_find(settings, false, &place, err);
	if (r == 0)
		r = pat_catalogue_load(place.scopes, &catalogue, err);
	pat_catalogue_free(catalogue);
	/* A file without its key is an error; without both the first start makes them. */
	if (r == 0 && (pat_place_has_row_key(&place) || access(place.store, F_OK) == 0))
		r = pat_place_row_key(&place, &key, err);
	pat_wipe(&key, sizeof(key));
	if (r == 0 && access(place.data, W_OK) < 0)
		r = pat_err_set(err, -errno, "cannot write to the data folder %s: %s", place.data,
		                pat_err_words(errno));
	if (r == 0)
		(void)printf("# ok: data in %s, runtime in %s\n", place.data, place.runtime);
	return r;
}

static int check_mail(const struct pat_settings *settings, struct pat_err *err)
{
	struct pat_smtp_config smtp;

	pat_command_smtp_config(settings, &smtp);
	return *settings->mail_url ? pat_smtp_check(&smtp, err) : 0;
}

int pat_command_check(const struct pat_settings *settings)
{
	struct pat_err err = { { 0 } };
	int r = 0;

	pat_settings_print(settings, stdout);
	(void)fflush(stdout);
	if (access(settings->nginx, X_OK) < 0)
		r = pat_err_set(&err, -errno, "cannot run %s: %s", settings->nginx,
		                pat_err_words(errno));
	else
		r = pat_store_examine(settings->store, &err);
	if (r == 0)
		r = check_mail(settings, &err);
	if (r < 0)
		return pat_command_failed(&err);
	if (access(settings->data, F_OK) < 0 && errno == ENOENT)
		(void)printf(
			"# ok: the data folder %s does not exist yet; the first start makes it\n",
			settings->data);
	else
		r = check_place(settings, &err);
	return r < 0 ? pat_command_failed(&err) : 0;
}
