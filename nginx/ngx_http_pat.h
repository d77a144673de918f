
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The edge of patd: nginx asks libpat, in process, whether a request's token
 * lets it pass.
 *
 *   ngx_http_pat_module.c    directives, phases, the verifier, variables
 *   ngx_http_pat_request.c   what a request presents, and what is left of it
 *   ngx_http_pat_answer.c    refusals, the verify answer, CORS
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


typedef struct {
    ngx_flag_t                enable;
    ngx_flag_t                verify;
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

typedef struct {
    ngx_http_request_t       *request;
    enum pat_verdict          verdict;
    ngx_str_t                 user;
    ngx_str_t                 scopes;
    ngx_str_t                 token_id;
    uint32_t                  expires;   /* 0: never */
    u_char                    digest[PAT_DIGEST_BYTES];

    unsigned                  judged:1;
    unsigned                  known:1;      /* identity and digest are set */
    unsigned                  stripped:1;   /* headers are no longer there */
} ngx_http_pat_ctx_t;


/*
 * Feeds every Authorization and token header to libpat.
 */
void ngx_http_pat_collect(ngx_http_request_t *r,
    ngx_http_pat_loc_conf_t *plcf, struct pat_credential *credential);

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
    ngx_http_pat_loc_conf_t *plcf, ngx_http_pat_rewrite_t *rw);
void ngx_http_pat_rewrite_end(ngx_http_pat_rewrite_t *rw,
    ngx_http_pat_ctx_t *ctx);
void ngx_http_pat_rewrite_undo(ngx_http_request_t *r,
    ngx_http_pat_rewrite_t *rw);

void ngx_http_pat_init_request_headers(void);


ngx_int_t ngx_http_pat_refuse(ngx_http_request_t *r,
    ngx_http_pat_loc_conf_t *plcf, enum pat_verdict verdict,
    struct pat_need *need);

/* only the WWW-Authenticate header, where nginx itself makes the answer */
ngx_int_t ngx_http_pat_challenge(ngx_http_request_t *r,
    ngx_http_pat_loc_conf_t *plcf, enum pat_verdict verdict,
    struct pat_need *need);

ngx_int_t ngx_http_pat_confirm(ngx_http_request_t *r, ngx_http_pat_ctx_t *ctx);
ngx_int_t ngx_http_pat_is_preflight(ngx_http_request_t *r);
ngx_int_t ngx_http_pat_preflight(ngx_http_request_t *r,
    ngx_http_pat_loc_conf_t *plcf);
void ngx_http_pat_init_answer(void);


extern ngx_module_t  ngx_http_pat_module;


#endif /* _NGX_HTTP_PAT_H_INCLUDED_ */
