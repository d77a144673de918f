/* SPDX-License-Identifier: Apache-2.0
 *
 * Settings. One table row a setting: name, type, default, range, reloadable, help. The flags, the file
 * patd.conf, the environment, `patd check` and docs/settings.md are all made from that row.
 *
 * A later source wins over an earlier one: default, file, environment (PATD_NAME), flag (--name).
 */
#ifndef PAT_PATD_SETTINGS_H
#define PAT_PATD_SETTINGS_H

#include <stdio.h>

#include "base/err.h"

enum pat_consistency {
	PAT_CONSISTENCY_LEASE,
	PAT_CONSISTENCY_STRICT,
};

enum pat_access_log {
	PAT_ACCESS_LOG_OFF,
	PAT_ACCESS_LOG_REFUSED,
	PAT_ACCESS_LOG_ALL
};

struct pat_settings {
	char *data;
	char *listen;
	char *public_url;
	char *api_docs_url;
	char *store;
	char *runtime_dir;
	char *realm;
	char *token_headers;
	char *trusted_proxies;
	char *token_prefix;
	int64_t token_expires_days_max;
	int64_t token_expires_days_default;
	bool token_never_allowed;
	int64_t token_expired_keep_days;
	int64_t token_fresh_sign_in_minutes;
	int64_t tokens_live_max;
	int64_t tokens_per_hour_max;
	int64_t tokens_total_max;
	int64_t session_idle_hours;
	int64_t session_max_days;
	int64_t sessions_live_max;
	int64_t argon2_memory_kib;
	int64_t argon2_passes;
	int64_t argon2_parallel;
	int64_t argon2_waiting;
	int64_t threads;
	int64_t edge_workers;
	char *nginx;
	char *edge_module;
	char *web_dir;
	char *scopes_file;
	char *common_passwords_file;
	char *node_name;
	int64_t lease_seconds;
	char *haproxy_master;
	char *haproxy_map;
	int64_t haproxy_lease_seconds;
	int64_t consistency;
	bool usage_addresses;
	char *mail_url;
	char *mail_from;
	char *mail_user;
	char *mail_password_file;
	int64_t mail_tls; /* enum pat_smtp_tls */
	char *mail_ca_file;
	bool files;
	char *files_store;
	int64_t files_team_mib;
	int64_t files_reserve_mib;
	char *sample_file;
	int64_t access_log;
	int64_t log_level;
};

/* Fills `settings` with the defaults. -ENOMEM. Free with pat_settings_done in any case. */
int pat_settings_init(struct pat_settings *settings) PAT_MUST_USE;
void pat_settings_done(struct pat_settings *settings);

/* Sets one by name from text. -EINVAL with the sentence in `err`: unknown name, not of the type, out of range. */
int pat_settings_set(struct pat_settings *settings, const char *name, const char *text,
                     struct pat_err *err) PAT_MUST_USE;

/* Reads `path`: lines of `name = value`, `#` begins a comment line. Errors name the line. */
int pat_settings_read_file(struct pat_settings *settings, const char *path,
                           struct pat_err *err) PAT_MUST_USE;

/* Reads PATD_… variables; one that names no setting is an error, so that a typing error is not lost. */
int pat_settings_read_environment(struct pat_settings *settings, char *const *environment,
                                  struct pat_err *err) PAT_MUST_USE;

/* Checks what no single row can: that the settings fit each other. */
int pat_settings_check(const struct pat_settings *settings, struct pat_err *err) PAT_MUST_USE;

/* Writes every setting as patd.conf would say it. */
void pat_settings_print(const struct pat_settings *settings, FILE *out);

/* Writes the table as docs/settings.md. */
void pat_settings_document(FILE *out);

#endif
