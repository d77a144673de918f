/* SPDX-License-Identifier: Apache-2.0
 *
 * The handlers of the route table (routes.c), and what they share.
 */
#ifndef PAT_WEB_API_H
#define PAT_WEB_API_H

#include "web/call.h"

/* api_setup.c */
pat_handler_fn pat_api_setup_get;
pat_handler_fn pat_api_setup_post;

/* api_session.c */
pat_handler_fn pat_api_session_get;
pat_handler_fn pat_api_session_post;
pat_handler_fn pat_api_session_delete;
pat_handler_fn pat_api_sessions_get;
pat_handler_fn pat_api_sessions_delete;
pat_handler_fn pat_api_sessions_delete_others;

/* api_me.c */
pat_handler_fn pat_api_me_patch;
pat_handler_fn pat_api_me_picture_put;
pat_handler_fn pat_api_me_picture_delete;

/* api_notifications.c */
pat_handler_fn pat_api_notifications_get;
pat_handler_fn pat_api_notifications_patch;

/* api_proof.c */
pat_handler_fn pat_api_proof_post;

/* api_password.c, api_people.c, api_scopes.c */
pat_handler_fn pat_api_password_post;
pat_handler_fn pat_api_person_sessions_delete;
pat_handler_fn pat_api_scopes_get;

/* api_tokens.c */
pat_handler_fn pat_api_tokens_get;
pat_handler_fn pat_api_tokens_post;
pat_handler_fn pat_api_token_rotate;       /* api_generate.c, as the one before */
pat_handler_fn pat_api_tokens_revoke_post; /* api_revoke.c */
pat_handler_fn pat_api_introspect;
pat_handler_fn pat_api_revoke_form;
pat_handler_fn pat_api_oauth_metadata;
pat_handler_fn pat_api_self_get;
pat_handler_fn pat_api_self_delete;
pat_handler_fn pat_api_token_get;
pat_handler_fn pat_api_token_usage_get; /* api_usage.c */
pat_handler_fn pat_api_token_patch;
pat_handler_fn pat_api_token_delete;

/* api_portal.c */
pat_handler_fn pat_api_portal_sessions_post;
pat_handler_fn pat_api_portal_post;

/* api_openapi.c */
pat_handler_fn pat_api_openapi_get;

/* api_admin.c */
pat_handler_fn pat_api_admin_people_get;
pat_handler_fn pat_api_admin_person_patch;
pat_handler_fn pat_api_admin_person_tokens_get;
pat_handler_fn pat_api_admin_token_delete;
pat_handler_fn pat_api_admin_audit_get;
pat_handler_fn pat_api_admin_nodes_get;

/* api_files.c, api_projects.c, api_upload.c */
pat_handler_fn pat_api_team_get;
pat_handler_fn pat_api_projects_get;
pat_handler_fn pat_api_projects_post;
pat_handler_fn pat_api_project_patch;
pat_handler_fn pat_api_project_delete;
pat_handler_fn pat_api_files_get;
pat_handler_fn pat_api_files_post;
pat_handler_fn pat_api_file_get;
pat_handler_fn pat_api_file_patch;
pat_handler_fn pat_api_file_delete;
pat_handler_fn pat_api_file_restore;
pat_handler_fn pat_api_file_purge;
pat_handler_fn pat_api_versions_post;
pat_handler_fn pat_api_images_post;

/* api_document.c */
pat_handler_fn pat_api_document_get;
pat_handler_fn pat_api_layers_get;
pat_handler_fn pat_api_picture_get;
pat_handler_fn pat_api_images_get;
pat_handler_fn pat_api_image_delete;
pat_handler_fn pat_api_versions_get;
pat_handler_fn pat_api_version_delete;

/* api_shares.c, api_comments.c */
pat_handler_fn pat_api_shares_get;
pat_handler_fn pat_api_shares_put;
pat_handler_fn pat_api_share_delete;
pat_handler_fn pat_api_comments_get;
pat_handler_fn pat_api_comments_post;
pat_handler_fn pat_api_comment_patch;
pat_handler_fn pat_api_comment_delete;
pat_handler_fn pat_api_reactions_post;
pat_handler_fn pat_api_reactions_delete;

/* pages.c */
pat_handler_fn pat_page_home;
pat_handler_fn pat_page_file;
pat_handler_fn pat_page_settings;
pat_handler_fn pat_page_signin;
pat_handler_fn pat_page_setup;
pat_handler_fn pat_page_portal;
pat_handler_fn pat_page_portal_sections;

/* product_*.c */
pat_handler_fn pat_product_me;
pat_handler_fn pat_product_avatar;
pat_handler_fn pat_product_picture;
pat_handler_fn pat_product_file;
pat_handler_fn pat_product_nodes;
pat_handler_fn pat_product_file_meta;
pat_handler_fn pat_product_versions;
pat_handler_fn pat_product_images;
pat_handler_fn pat_product_fills;
pat_handler_fn pat_product_comments_get;
pat_handler_fn pat_product_comments_post;
pat_handler_fn pat_product_comment_delete;
pat_handler_fn pat_product_reactions_get;
pat_handler_fn pat_product_reactions_post;
pat_handler_fn pat_product_reactions_delete;
pat_handler_fn pat_product_team_projects;
pat_handler_fn pat_product_team_folders;
pat_handler_fn pat_product_project_files;
pat_handler_fn pat_product_project_meta;
pat_handler_fn pat_product_folder_folders;
pat_handler_fn pat_product_file_components;
pat_handler_fn pat_product_file_component_sets;
pat_handler_fn pat_product_file_styles;
pat_handler_fn pat_product_team_components;
pat_handler_fn pat_product_team_component_sets;
pat_handler_fn pat_product_team_styles;
pat_handler_fn pat_product_component;
pat_handler_fn pat_product_component_set;
pat_handler_fn pat_product_style;

/* health.c */
pat_handler_fn pat_health_live;
pat_handler_fn pat_health_ready;

/* Answers SESSION with its cookie: for sign-in and set-up. */
int pat_api_signed_in(struct pat_call *call, int status, const struct pat_signed_in *who);

/* Writes a Person, as a member or, without `key`, as the whole answer. */
void pat_api_write_person(struct pat_json_writer *w, const char *key,
                          const struct pat_person *person);

/* The current password was not right: names its field. */
int pat_api_refuse_current(struct pat_call *call);

/* Sets the cookie of a session that was just made. */
void pat_api_set_cookie(struct pat_call *call, const struct pat_signed_in *who);

/* The session behind this request is over: tells the browser to forget what it had. */
void pat_api_forget_session(struct pat_call *call);

#endif
