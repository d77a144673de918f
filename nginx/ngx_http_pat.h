
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The edge of patd: nginx asks libpat, in process, whether a request's token
 * lets it pass.
 *
 *   ngx_http_pat_module.c    phases, verdicts, the worker's verifier
 *   ngx_http_pat_ctx.c       what is known of a request's token
 *   ngx_http_pat_wait.c      asking the node before an answer
 *   ngx_http_pat_conf.c      directives
 *   ngx_http_pat_vars.c      variables
 *   ngx_http_pat_request.c   what a request presents, and what is left of it
 *   ngx_http_pat_asked.c     which request it is, and where it comes from
 *   ngx_http_pat_answer.c    refusals, the verify answer, CORS
 *   ngx_http_pat_usage.c     what tokens are used for, told to patd
 */


#ifndef _NGX_HTTP_PAT_H_INCLUDED_
#define _NGX_HTTP_PAT_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>

#include "index/verify.h"
#include "token/credential.h"


#define NGX_HTTP_PAT_HEADERS_MAX     16
#define NGX_HTTP_PAT_HEADER_LEN_MAX  63


/* header names that carry a bare token, and the answers' texts about them */

typedef struct {
    ngx_array_t               names;     /* ngx_str_t */
    uint64_t                  lengths;   /* bit n: one has n characters */
    ngx_str_t                 vary;
    ngx_str_t                 allow;
} ngx_http_pat_headers_t;


typedef struct {
    ngx_str_t                 index;
    ngx_http_pat_headers_t   *headers;   /* the default */
    unsigned                  used:1;
    unsigned                  warned:1;
} ngx_http_pat_main_conf_t;


/* where the method and the target that "pat_verify" is asked about stand */

typedef enum {
    NGX_HTTP_PAT_FORWARDED = 1,   /* X-Forwarded-Method, X-Forwarded-Uri */
    NGX_HTTP_PAT_REQUEST_LINE     /* behind the location's prefix */
} ngx_http_pat_asked_e;


/* whether a request needs a token: "optional" judges what is presented */

typedef enum {
    NGX_HTTP_PAT_OFF = 0,
    NGX_HTTP_PAT_ON,
    NGX_HTTP_PAT_OPTIONAL
} ngx_http_pat_enable_e;


typedef struct {
    ngx_uint_t                enable;    /* ngx_http_pat_enable_e */
    ngx_uint_t                verify;    /* ngx_http_pat_asked_e, or 0 */
    ngx_str_t                 product;
    ngx_flag_t                policy;    /* the product's is in force */
    ngx_flag_t                named;     /* by the request, not here */
    ngx_flag_t                any;       /* whichever a token is for */
    ngx_array_t              *proxies;   /* ngx_cidr_t: whom to believe */
    ngx_flag_t                cors;
    ngx_array_t              *needs;     /* struct pat_need */
    ngx_http_pat_headers_t   *headers;
    ngx_str_t                 realm;
} ngx_http_pat_loc_conf_t;


/*
 * What is known of a request's token.  Held by a pool cleanup, because nginx
 * forgets module contexts at an internal redirect, and by then the headers
 * that carried the token are gone.
 */

typedef enum {
    NGX_HTTP_PAT_WAIT_NOT = 0,
    NGX_HTTP_PAT_WAIT_ASKED,
    NGX_HTTP_PAT_WAIT_HEARD,      /* all that had been made is here */
    NGX_HTTP_PAT_WAIT_NOBODY      /* nobody can say */
} ngx_http_pat_wait_e;


typedef struct {
    ngx_http_request_t       *request;
    enum pat_verdict          verdict;
    ngx_str_t                 user;
    ngx_str_t                 scopes;
    ngx_str_t                 token_id;
    ngx_str_t                 limits;
    ngx_str_t                 operation;
    uint32_t                  expires;   /* 0: never */
    uint32_t                  methods;   /* that the path has */
    struct pat_rate           rate;
    const struct pat_need    *missing;
    u_char                    digest[PAT_DIGEST_BYTES];
    ngx_event_t               wait;
    ngx_msec_t                wait_until;
    ngx_http_pat_wait_e       wait_state;
    struct pat_index_question question;

    unsigned                  judged:1;
    unsigned                  known:1;      /* identity and digest are set */
    unsigned                  stripped:1;   /* headers are no longer there */
    unsigned                  rated:1;      /* its rate has been taken */
} ngx_http_pat_ctx_t;


/* directives, and what they are kept in */
extern ngx_command_t  ngx_http_pat_commands[];
void *ngx_http_pat_create_main_conf(ngx_conf_t *cf);
void *ngx_http_pat_create_loc_conf(ngx_conf_t *cf);
char *ngx_http_pat_merge_loc_conf(ngx_conf_t *cf, void *parent, void *child);

/* before the configuration is read */
ngx_int_t ngx_http_pat_add_variables(ngx_conf_t *cf);

/* answers for a location with "pat_verify" */
ngx_int_t ngx_http_pat_verify_handler(ngx_http_request_t *r);

/*
 * What is known of the token that a request came with, or NULL; made if need
 * be; and only of a request that has been judged, or NULL.
 */
ngx_http_pat_ctx_t *ngx_http_pat_known_ctx(ngx_http_request_t *r);
ngx_http_pat_ctx_t *ngx_http_pat_make_ctx(ngx_http_request_t *r);
ngx_http_pat_ctx_t *ngx_http_pat_judged_ctx(ngx_http_request_t *r);

/*
 * NGX_OK, or NGX_AGAIN: the request will be run again.
 */
ngx_int_t ngx_http_pat_wait_first(ngx_http_request_t *r,
    ngx_http_pat_ctx_t *ctx, struct pat_verifier *verifier,
    struct pat_verifying *verifying);
ngx_int_t ngx_http_pat_wait_unknown(ngx_http_request_t *r,
    ngx_http_pat_ctx_t *ctx, struct pat_verifier *verifier);


/*
 * The request's first headers, once they were looked at; those behind them are
 * looked at again.
 */

#define NGX_HTTP_PAT_SEEN_MAX  64

typedef struct {
    ngx_uint_t                n;
    uint64_t                  strip;     /* bit n: the header is not handed on */
} ngx_http_pat_seen_t;


/*
 * Feeds every Authorization and token header to libpat.
 */
void ngx_http_pat_collect(ngx_http_request_t *r,
    ngx_http_pat_loc_conf_t *plcf, struct pat_credential *credential,
    ngx_http_pat_seen_t *seen);

/*
 * Rewriting the request's headers, in two steps: begin removes what carried
 * the token and every spelling of X-Pat-*, and adds our own three, which say
 * nothing yet; end puts the identity in.  Undo makes the headers what they
 * were.
 */
typedef struct {
    ngx_list_t                list;            /* as it was */
    ngx_table_elt_t          *authorization;   /* as it was */
    ngx_table_elt_t          *added;           /* our three */
} ngx_http_pat_rewrite_t;

ngx_int_t ngx_http_pat_rewrite_begin(ngx_http_request_t *r,
    ngx_http_pat_loc_conf_t *plcf, ngx_http_pat_seen_t *seen,
    ngx_http_pat_rewrite_t *rw);
void ngx_http_pat_rewrite_end(ngx_http_pat_rewrite_t *rw,
    ngx_http_pat_ctx_t *ctx);
void ngx_http_pat_rewrite_undo(ngx_http_request_t *r,
    ngx_http_pat_rewrite_t *rw);

void ngx_http_pat_init_request_headers(void);


/*
 * The method and the target that are judged: the request's own, or those that
 * a proxy asks about.  Whose they are is the location's product, or the one that
 * the request names.
 */
enum pat_verdict ngx_http_pat_asked(ngx_http_request_t *r,
    ngx_http_pat_loc_conf_t *plcf, struct pat_verifier *verifier,
    struct pat_operation *operation, ngx_str_t *product);

typedef struct {
    ngx_str_t    value;
    ngx_uint_t   times;
} ngx_http_pat_said_t;

/* a header of the request: how often it is there, and its last value */
void ngx_http_pat_said(ngx_http_request_t *r, char *lowcase,
    ngx_http_pat_said_t *said);

/* where the request comes from, or NULL when nobody believable says so */
struct pat_address *ngx_http_pat_from(ngx_http_request_t *r,
    ngx_http_pat_loc_conf_t *plcf, struct pat_address *address);


ngx_int_t ngx_http_pat_refuse(ngx_http_request_t *r,
    ngx_http_pat_loc_conf_t *plcf, ngx_http_pat_ctx_t *ctx);

/* only the WWW-Authenticate header, where nginx itself makes the answer */
ngx_int_t ngx_http_pat_challenge(ngx_http_request_t *r,
    ngx_http_pat_loc_conf_t *plcf, ngx_http_pat_ctx_t *ctx);

ngx_int_t ngx_http_pat_confirm(ngx_http_request_t *r, ngx_http_pat_ctx_t *ctx);
ngx_int_t ngx_http_pat_is_preflight(ngx_http_request_t *r);
ngx_int_t ngx_http_pat_preflight(ngx_http_request_t *r,
    ngx_http_pat_loc_conf_t *plcf);
void ngx_http_pat_init_answer(void);


/* an allowed request; and once a second, and at a worker's end */
void ngx_http_pat_usage_add(ngx_http_request_t *r,
    ngx_http_pat_loc_conf_t *plcf, struct pat_ask *ask,
    struct pat_identity *id);
void ngx_http_pat_usage_refresh(ngx_str_t *index, ngx_log_t *log);
void ngx_http_pat_usage_exit(void);


extern ngx_module_t  ngx_http_pat_module;


#endif /* _NGX_HTTP_PAT_H_INCLUDED_ */
