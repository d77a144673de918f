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

/* api_password.c, api_people.c, api_scopes.c */
pat_handler_fn pat_api_password_post;
pat_handler_fn pat_api_person_sessions_delete;
pat_handler_fn pat_api_scopes_get;

/* api_tokens.c */
pat_handler_fn pat_api_tokens_get;
pat_handler_fn pat_api_tokens_post;
pat_handler_fn pat_api_token_get;
pat_handler_fn pat_api_token_delete;

/* pages.c */
pat_handler_fn pat_page_home;
pat_handler_fn pat_page_settings;
pat_handler_fn pat_page_signin;
pat_handler_fn pat_page_setup;

/* product.c */
pat_handler_fn pat_product_me;
pat_handler_fn pat_product_avatar;

/* health.c */
pat_handler_fn pat_health_live;
pat_handler_fn pat_health_ready;

/* Answers SESSION with its cookie: for sign-in and set-up. */
int pat_api_signed_in(struct pat_call *call, int status, const struct pat_signed_in *who);

/* Sets the cookie of a session that was just made. */
void pat_api_set_cookie(struct pat_call *call, const struct pat_signed_in *who);

/* The session behind this request is over: tells the browser to forget what it had. */
void pat_api_forget_session(struct pat_call *call);

#endif
