
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Directives, the access phase, the worker's verifier, variables.
 *
 * What is easy to get wrong here:
 *
 * nginx runs no access handler for a subrequest, so that an SSI include of a
 * protected location from an open one would pass.  We judge subrequests in the
 * preaccess phase, which they do go through.
 *
 * "return" and "rewrite" answer before the access phase: a location that does
 * so is open, "pat on" or not.
 */


#include "ngx_http_pat.h"
#include "base/chars.h"
#include "base/clock.h"


#define NGX_HTTP_PAT_REFRESH  1000


static ngx_int_t ngx_http_pat_access_handler(ngx_http_request_t *r);
static ngx_int_t ngx_http_pat_preaccess_handler(ngx_http_request_t *r);
static ngx_int_t ngx_http_pat_verify_handler(ngx_http_request_t *r);
static ngx_int_t ngx_http_pat_judge(ngx_http_request_t *r,
    ngx_http_pat_loc_conf_t *plcf, ngx_http_pat_ctx_t **pctx,
    struct pat_need **missing, ngx_http_pat_rewrite_t *rw);
static void ngx_http_pat_begin(ngx_http_request_t *r,
    ngx_http_pat_loc_conf_t *plcf, struct pat_verifying *verifying);
static ngx_int_t ngx_http_pat_identify(ngx_http_request_t *r,
    ngx_http_pat_ctx_t *ctx, struct pat_identity *id);
static pat_chars_are ngx_http_pat_is_visible(pat_chars c);
static pat_chars_are ngx_http_pat_is_visible_or_space(pat_chars c);

static ngx_http_pat_ctx_t *ngx_http_pat_get_ctx(ngx_http_request_t *r,
    ngx_http_request_t *owner);
static ngx_http_pat_ctx_t *ngx_http_pat_known_ctx(ngx_http_request_t *r);
static ngx_http_pat_ctx_t *ngx_http_pat_make_ctx(ngx_http_request_t *r);
static void ngx_http_pat_cleanup(void *data);

static ngx_int_t ngx_http_pat_variable(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data);
static ngx_int_t ngx_http_pat_verdict_variable(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data);
static ngx_int_t ngx_http_pat_expires_variable(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data);

static char *ngx_http_pat_scopes(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);
static char *ngx_http_pat_index(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);
static char *ngx_http_pat_token_headers(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);
static char *ngx_http_pat_header_name_error(ngx_http_pat_headers_t *headers,
    ngx_str_t *name);
static char *ngx_http_pat_finish_headers(ngx_conf_t *cf,
    ngx_http_pat_headers_t *headers);
static char *ngx_http_pat_realm(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);
static char *ngx_http_pat_verify(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);

static ngx_int_t ngx_http_pat_add_variables(ngx_conf_t *cf);
static void *ngx_http_pat_create_main_conf(ngx_conf_t *cf);
static void *ngx_http_pat_create_loc_conf(ngx_conf_t *cf);
static char *ngx_http_pat_merge_loc_conf(ngx_conf_t *cf, void *parent,
    void *child);
static ngx_int_t ngx_http_pat_init(ngx_conf_t *cf);

static ngx_int_t ngx_http_pat_init_process(ngx_cycle_t *cycle);
static void ngx_http_pat_exit_process(ngx_cycle_t *cycle);
static void ngx_http_pat_refresh(ngx_event_t *ev);


static ngx_command_t  ngx_http_pat_commands[] = {

    { ngx_string("pat"),
      NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_HTTP_LOC_CONF
                        |NGX_HTTP_LMT_CONF|NGX_CONF_FLAG,
      ngx_conf_set_flag_slot,
      NGX_HTTP_LOC_CONF_OFFSET,
      offsetof(ngx_http_pat_loc_conf_t, enable),
      NULL },

    { ngx_string("pat_scopes"),
      NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_HTTP_LOC_CONF
                        |NGX_HTTP_LMT_CONF|NGX_CONF_1MORE,
      ngx_http_pat_scopes,
      NGX_HTTP_LOC_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("pat_index"),
      NGX_HTTP_MAIN_CONF|NGX_CONF_TAKE1,
      ngx_http_pat_index,
      NGX_HTTP_MAIN_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("pat_token_headers"),
      NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_HTTP_LOC_CONF|NGX_CONF_1MORE,
      ngx_http_pat_token_headers,
      NGX_HTTP_LOC_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("pat_realm"),
      NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_HTTP_LOC_CONF|NGX_CONF_TAKE1,
      ngx_http_pat_realm,
      NGX_HTTP_LOC_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("pat_verify"),
      NGX_HTTP_LOC_CONF|NGX_CONF_NOARGS,
      ngx_http_pat_verify,
      NGX_HTTP_LOC_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("pat_cors"),
      NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_HTTP_LOC_CONF|NGX_CONF_FLAG,
      ngx_conf_set_flag_slot,
      NGX_HTTP_LOC_CONF_OFFSET,
      offsetof(ngx_http_pat_loc_conf_t, cors),
      NULL },

      ngx_null_command
};


static ngx_http_module_t  ngx_http_pat_module_ctx = {
    ngx_http_pat_add_variables,            /* preconfiguration */
    ngx_http_pat_init,                     /* postconfiguration */

    ngx_http_pat_create_main_conf,         /* create main configuration */
    NULL,                                  /* init main configuration */

    NULL,                                  /* create server configuration */
    NULL,                                  /* merge server configuration */

    ngx_http_pat_create_loc_conf,          /* create location configuration */
    ngx_http_pat_merge_loc_conf            /* merge location configuration */
};


ngx_module_t  ngx_http_pat_module = {
    NGX_MODULE_V1,
    &ngx_http_pat_module_ctx,              /* module context */
    ngx_http_pat_commands,                 /* module directives */
    NGX_HTTP_MODULE,                       /* module type */
    NULL,                                  /* init master */
    NULL,                                  /* init module */
    ngx_http_pat_init_process,             /* init process */
    NULL,                                  /* init thread */
    NULL,                                  /* exit thread */
    ngx_http_pat_exit_process,             /* exit process */
    NULL,                                  /* exit master */
    NGX_MODULE_V1_PADDING
};


static ngx_http_variable_t  ngx_http_pat_vars[] = {

    { ngx_string("pat_user"), NULL, ngx_http_pat_variable,
      offsetof(ngx_http_pat_ctx_t, user), NGX_HTTP_VAR_NOCACHEABLE, 0 },

    { ngx_string("pat_scopes"), NULL, ngx_http_pat_variable,
      offsetof(ngx_http_pat_ctx_t, scopes), NGX_HTTP_VAR_NOCACHEABLE, 0 },

    { ngx_string("pat_token_id"), NULL, ngx_http_pat_variable,
      offsetof(ngx_http_pat_ctx_t, token_id), NGX_HTTP_VAR_NOCACHEABLE, 0 },

    { ngx_string("pat_expires"), NULL, ngx_http_pat_expires_variable,
      0, NGX_HTTP_VAR_NOCACHEABLE, 0 },

    { ngx_string("pat_verdict"), NULL, ngx_http_pat_verdict_variable,
      0, NGX_HTTP_VAR_NOCACHEABLE, 0 },

      ngx_http_null_variable
};


/* the operator's words: unlike a refusal, these tell malformed from unknown */

static ngx_str_t  ngx_http_pat_verdicts[PAT_VERDICTS] = {
    ngx_string("allowed"),
    ngx_string("missing"),
    ngx_string("ambiguous"),
    ngx_string("malformed"),
    ngx_string("unknown"),
    ngx_string("expired"),
    ngx_string("scope"),
    ngx_string("unavailable")
};


/* a worker's own: one thread, one verifier */

static struct pat_verifier  *ngx_http_pat_verifier;
static ngx_event_t           ngx_http_pat_refresh_event;
static ngx_connection_t      ngx_http_pat_refresh_connection;
static ngx_uint_t            ngx_http_pat_out_of_service;



static ngx_int_t
ngx_http_pat_access_handler(ngx_http_request_t *r)
{
    ngx_int_t                  rc;
    struct pat_need           *missing;
    ngx_http_pat_ctx_t        *ctx;
    ngx_http_pat_rewrite_t     rw;
    ngx_http_pat_loc_conf_t   *plcf;
    ngx_http_core_loc_conf_t  *clcf;

    plcf = ngx_http_get_module_loc_conf(r, ngx_http_pat_module);

    if (plcf->cors && ngx_http_pat_is_preflight(r)) {
        rc = ngx_http_pat_preflight(r, plcf);
        goto answered;
    }

    if (!plcf->enable || plcf->verify) {
        return NGX_DECLINED;
    }

    if (ngx_http_pat_judge(r, plcf, &ctx, &missing, &rw) != NGX_OK) {
        return NGX_ERROR;
    }

    if (ctx->verdict == PAT_VERDICT_ALLOWED) {
        ngx_http_pat_rewrite_end(&rw, ctx);
        return NGX_OK;
    }

    clcf = ngx_http_get_module_loc_conf(r, ngx_http_core_module);
    rc = pat_verdict_refusal(ctx->verdict)->status;

    if (clcf->satisfy == NGX_HTTP_SATISFY_ANY
        && (rc == NGX_HTTP_UNAUTHORIZED || rc == NGX_HTTP_FORBIDDEN))
    {
        /*
         * Another module may let the request pass, and nginx makes the answer
         * when none does.  If one does, the request is nobody's.
         */

        ngx_str_null(&ctx->user);
        ngx_str_null(&ctx->scopes);
        ngx_str_null(&ctx->token_id);
        ctx->expires = 0;

        ngx_http_pat_rewrite_end(&rw, ctx);

        if (ngx_http_pat_challenge(r, plcf, ctx->verdict, missing) != NGX_OK) {
            return NGX_ERROR;
        }

        return rc;
    }

    ngx_http_pat_rewrite_undo(r, &rw);

    rc = ngx_http_pat_refuse(r, plcf, ctx->verdict, missing);

answered:

    /* or the phases would be run again when the client is slow to read */

    r->write_event_handler = ngx_http_request_empty_handler;

    ngx_http_finalize_request(r, rc);

    return NGX_DONE;
}


static ngx_int_t
ngx_http_pat_preaccess_handler(ngx_http_request_t *r)
{
    struct pat_need          *missing;
    ngx_http_pat_ctx_t       *ctx;
    ngx_http_pat_rewrite_t    rw;
    ngx_http_pat_loc_conf_t  *plcf;

    if (r == r->main) {
        return NGX_DECLINED;
    }

    plcf = ngx_http_get_module_loc_conf(r, ngx_http_pat_module);

    if (!plcf->enable || plcf->verify) {
        return NGX_DECLINED;
    }

    if (ngx_http_pat_judge(r, plcf, &ctx, &missing, &rw) != NGX_OK) {
        return NGX_ERROR;
    }

    if (ctx->verdict == PAT_VERDICT_ALLOWED) {
        ngx_http_pat_rewrite_end(&rw, ctx);
        return NGX_DECLINED;
    }

    ngx_http_pat_rewrite_undo(r, &rw);

    /* auth_request copies the challenge to the client */

    if (ngx_http_pat_challenge(r, plcf, ctx->verdict, missing) != NGX_OK) {
        return NGX_ERROR;
    }

    return pat_verdict_refusal(ctx->verdict)->status;
}


static ngx_int_t
ngx_http_pat_verify_handler(ngx_http_request_t *r)
{
    struct pat_need          *missing;
    ngx_http_pat_ctx_t       *ctx;
    ngx_http_pat_loc_conf_t  *plcf;

    plcf = ngx_http_get_module_loc_conf(r, ngx_http_pat_module);

    if (ngx_http_pat_judge(r, plcf, &ctx, &missing, NULL) != NGX_OK) {
        return NGX_ERROR;
    }

    if (ctx->verdict == PAT_VERDICT_ALLOWED) {
        return ngx_http_pat_confirm(r, ctx);
    }

    return ngx_http_pat_refuse(r, plcf, ctx->verdict, missing);
}


/*
 * With rw, the request's headers are rewritten as if it were allowed, but for
 * the identity: that has to be done for nearly every request, and memory has
 * the time to bring the token's place in the index meanwhile.
 */

static ngx_int_t
ngx_http_pat_judge(ngx_http_request_t *r, ngx_http_pat_loc_conf_t *plcf,
    ngx_http_pat_ctx_t **pctx, struct pat_need **missing,
    ngx_http_pat_rewrite_t *rw)
{
    size_t                 n;
    struct pat_need       *needs;
    ngx_http_pat_ctx_t    *ctx;
    enum pat_verdict       verdict;
    struct pat_identity    id;
    struct pat_verifying   verifying;

    *missing = NULL;

    ngx_http_pat_begin(r, plcf, &verifying);

    ctx = ngx_http_pat_make_ctx(r);
    if (ctx == NULL) {
        return NGX_ERROR;
    }

    *pctx = ctx;

    needs = plcf->needs ? plcf->needs->elts : NULL;
    n = plcf->needs ? plcf->needs->nelts : 0;

    if (verifying.so_far == PAT_VERDICT_ALLOWED) {
        pat_verify_approach(ngx_http_pat_verifier, &verifying);
    }

    if (rw && ngx_http_pat_rewrite_begin(r, plcf, rw) != NGX_OK) {
        return NGX_ERROR;
    }

    if (verifying.so_far == PAT_VERDICT_ALLOWED) {

        /* nginx's own time is as old as the event loop's last turn */

        verdict = pat_verify_end(ngx_http_pat_verifier, &verifying, needs, n,
                                 pat_clock_wall_s(), &id);

    } else {
        ngx_memzero(&id, sizeof(struct pat_identity));
        verdict = verifying.so_far;
    }

    ngx_str_null(&ctx->user);
    ngx_str_null(&ctx->scopes);
    ngx_str_null(&ctx->token_id);
    ctx->expires = 0;

    if (id.owner) {

        switch (ngx_http_pat_identify(r, ctx, &id)) {

        case NGX_OK:
            break;

        case NGX_DECLINED:
            verdict = PAT_VERDICT_UNAVAILABLE;
            break;

        default:
            return NGX_ERROR;
        }
    }

    if (verdict == PAT_VERDICT_ALLOWED && ctx->token_id.len == 0) {

        /* no identity, no passage */

        verdict = PAT_VERDICT_UNAVAILABLE;
    }

    if (verdict == PAT_VERDICT_SCOPE && id.missing < n) {
        *missing = &needs[id.missing];
    }

    ctx->verdict = verdict;
    ctx->judged = 1;

    return NGX_OK;
}


static void
ngx_http_pat_begin(ngx_http_request_t *r, ngx_http_pat_loc_conf_t *plcf,
    struct pat_verifying *verifying)
{
    ngx_http_pat_ctx_t     *ctx;
    struct pat_credential   credential;

    if (ngx_http_pat_verifier == NULL) {
        verifying->so_far = PAT_VERDICT_UNAVAILABLE;
        return;
    }

    ctx = ngx_http_pat_known_ctx(r);

    if (ctx && ctx->known) {
        pat_verify_begin_digest(ngx_http_pat_verifier, ctx->digest, verifying);
        return;
    }

    if (ctx && ctx->stripped) {

        /* refused before, passed by "satisfy any", and now looked at again */

        verifying->so_far = ctx->verdict;
        return;
    }

    ngx_memzero(&credential, sizeof(struct pat_credential));
    ngx_http_pat_collect(r, plcf, &credential);

    pat_verify_begin(ngx_http_pat_verifier, &credential, verifying);
}


static ngx_int_t
ngx_http_pat_identify(ngx_http_request_t *r, ngx_http_pat_ctx_t *ctx,
    struct pat_identity *id)
{
    u_char  *p;

    if (!pat_chars_all(id->owner, id->owner_len, ngx_http_pat_is_visible)
        || !pat_chars_all(id->scopes, id->scopes_len,
                          ngx_http_pat_is_visible_or_space))
    {
        ngx_log_error(NGX_LOG_CRIT, r->connection->log, 0,
                      "pat: the index holds an identity that can be no "
                      "header's value, token \"%s\"", id->tid);
        return NGX_DECLINED;
    }

    /* what libpat points at may be gone at its next call */

    p = ngx_pnalloc(r->pool, id->owner_len + 1 + id->scopes_len + 1
                             + PAT_TID_CHARS + 1);
    if (p == NULL) {
        return NGX_ERROR;
    }

    ctx->user.data = p;
    ctx->user.len = id->owner_len;
    p = ngx_cpymem(p, id->owner, id->owner_len);
    *p++ = '\0';

    ctx->scopes.data = p;
    ctx->scopes.len = id->scopes_len;
    p = ngx_cpymem(p, id->scopes, id->scopes_len);
    *p++ = '\0';

    ctx->token_id.data = p;
    ctx->token_id.len = PAT_TID_CHARS;
    ngx_memcpy(p, id->tid, PAT_TID_CHARS + 1);

    ctx->expires = id->expires_s;

    ngx_memcpy(ctx->digest, id->digest, PAT_DIGEST_BYTES);
    ctx->known = 1;

    return NGX_OK;
}


static pat_chars_are
ngx_http_pat_is_visible(pat_chars c)
{
    return (c - 0x21) <= 0x7e - 0x21;
}


static pat_chars_are
ngx_http_pat_is_visible_or_space(pat_chars c)
{
    return (c - 0x20) <= 0x7e - 0x20;
}


/*
 * The context of a request, be it still known as such or only by its cleanup.
 */

static ngx_http_pat_ctx_t *
ngx_http_pat_get_ctx(ngx_http_request_t *r, ngx_http_request_t *owner)
{
    ngx_http_pat_ctx_t  *ctx;
    ngx_pool_cleanup_t  *cln;

    ctx = ngx_http_get_module_ctx(owner, ngx_http_pat_module);

    if (ctx || !(r->internal || r->filter_finalize)) {
        return ctx;
    }

    for (cln = r->pool->cleanup; cln; cln = cln->next) {

        if (cln->handler != ngx_http_pat_cleanup) {
            continue;
        }

        ctx = cln->data;

        if (ctx->request == owner) {
            return ctx;
        }
    }

    return NULL;
}


/*
 * What is known of the token that a request came with.  A subrequest has the
 * headers that were left of its request.
 */

static ngx_http_pat_ctx_t *
ngx_http_pat_known_ctx(ngx_http_request_t *r)
{
    ngx_http_pat_ctx_t  *ctx;

    ctx = ngx_http_pat_get_ctx(r, r);

    if (ctx == NULL && r != r->main) {
        ctx = ngx_http_pat_get_ctx(r, r->main);
    }

    return ctx;
}


static ngx_http_pat_ctx_t *
ngx_http_pat_make_ctx(ngx_http_request_t *r)
{
    ngx_http_pat_ctx_t  *ctx, *whole;
    ngx_pool_cleanup_t  *cln;

    ctx = ngx_http_pat_known_ctx(r);

    if (ctx == NULL || ctx->request != r) {
        whole = ctx;

        cln = ngx_pool_cleanup_add(r->pool, sizeof(ngx_http_pat_ctx_t));
        if (cln == NULL) {
            return NULL;
        }

        ctx = cln->data;
        ngx_memzero(ctx, sizeof(ngx_http_pat_ctx_t));

        cln->handler = ngx_http_pat_cleanup;
        ctx->request = r;

        if (whole) {
            ctx->verdict = whole->verdict;
            ctx->known = whole->known;
            ctx->stripped = whole->stripped;
            ngx_memcpy(ctx->digest, whole->digest, PAT_DIGEST_BYTES);
        }
    }

    ngx_http_set_ctx(r, ctx, ngx_http_pat_module);

    return ctx;
}


static void
ngx_http_pat_cleanup(void *data)
{
    /* nothing to clean up: the pool is what a redirect leaves alone */
}


/*
 * A subrequest that was not judged itself speaks of its request's token.
 */

static ngx_http_pat_ctx_t *
ngx_http_pat_judged_ctx(ngx_http_request_t *r)
{
    ngx_http_pat_ctx_t  *ctx;

    ctx = ngx_http_pat_get_ctx(r, r);

    if ((ctx == NULL || !ctx->judged) && r != r->main) {
        ctx = ngx_http_pat_get_ctx(r, r->main);
    }

    return (ctx && ctx->judged) ? ctx : NULL;
}


static ngx_int_t
ngx_http_pat_variable(ngx_http_request_t *r, ngx_http_variable_value_t *v,
    uintptr_t data)
{
    ngx_str_t           *value;
    ngx_http_pat_ctx_t  *ctx;

    ctx = ngx_http_pat_judged_ctx(r);

    if (ctx == NULL) {
        v->not_found = 1;
        return NGX_OK;
    }

    value = (ngx_str_t *) ((char *) ctx + data);

    if (value->len == 0) {
        v->not_found = 1;
        return NGX_OK;
    }

    v->len = value->len;
    v->data = value->data;
    v->valid = 1;
    v->no_cacheable = 0;
    v->not_found = 0;

    return NGX_OK;
}


static ngx_int_t
ngx_http_pat_expires_variable(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data)
{
    ngx_http_pat_ctx_t  *ctx;

    ctx = ngx_http_pat_judged_ctx(r);

    if (ctx == NULL || ctx->expires == 0) {
        v->not_found = 1;
        return NGX_OK;
    }

    v->data = ngx_pnalloc(r->pool, PAT_TIME_TEXT_BYTES);
    if (v->data == NULL) {
        return NGX_ERROR;
    }

    pat_time_format(ctx->expires, (char *) v->data);

    v->len = PAT_TIME_TEXT_BYTES - 1;
    v->valid = 1;
    v->no_cacheable = 0;
    v->not_found = 0;

    return NGX_OK;
}


static ngx_int_t
ngx_http_pat_verdict_variable(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data)
{
    ngx_str_t           *word;
    ngx_http_pat_ctx_t  *ctx;

    static ngx_str_t     none = ngx_string("-");

    ctx = ngx_http_pat_judged_ctx(r);

    word = ctx ? &ngx_http_pat_verdicts[ctx->verdict] : &none;

    v->len = word->len;
    v->data = word->data;
    v->valid = 1;
    v->no_cacheable = 0;
    v->not_found = 0;

    return NGX_OK;
}


static char *
ngx_http_pat_scopes(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_http_pat_loc_conf_t *plcf = conf;

    size_t            n;
    ngx_str_t        *value;
    ngx_uint_t        i;
    struct pat_need  *need;

    value = cf->args->elts;

    if (cf->args->nelts - 1 > PAT_NEED_SCOPES_MAX) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "more than %d scopes in one \"pat_scopes\"",
                           PAT_NEED_SCOPES_MAX);
        return NGX_CONF_ERROR;
    }

    if (plcf->needs == NGX_CONF_UNSET_PTR) {
        plcf->needs = ngx_array_create(cf->pool, 2, sizeof(struct pat_need));
        if (plcf->needs == NULL) {
            return NGX_CONF_ERROR;
        }
    }

    need = ngx_array_push(plcf->needs);
    if (need == NULL) {
        return NGX_CONF_ERROR;
    }

    ngx_memzero(need, sizeof(struct pat_need));

    for (i = 1; i < cf->args->nelts; i++) {

        if (!pat_scope_name_ok((char *) value[i].data, value[i].len)) {
            ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                               "invalid scope \"%V\"", &value[i]);
            return NGX_CONF_ERROR;
        }

        for (n = 0; n < need->n; n++) {
            if (need->scopes[n].len == value[i].len
                && ngx_memcmp(need->scopes[n].name, value[i].data,
                              value[i].len)
                   == 0)
            {
                ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                                   "duplicate scope \"%V\"", &value[i]);
                return NGX_CONF_ERROR;
            }
        }

        need->scopes[need->n].name = (char *) value[i].data;
        need->scopes[need->n].len = value[i].len;
        need->n++;
    }

    return NGX_CONF_OK;
}


static char *
ngx_http_pat_index(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_http_pat_main_conf_t *pmcf = conf;

    ngx_str_t  *value;

    if (pmcf->index.data) {
        return "is duplicate";
    }

    value = cf->args->elts;

    if (value[1].len == 0) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "\"pat_index\" needs the name of a directory");
        return NGX_CONF_ERROR;
    }

    pmcf->index = value[1];

    if (ngx_conf_full_name(cf->cycle, &pmcf->index, 0) != NGX_OK) {
        return NGX_CONF_ERROR;
    }

    return NGX_CONF_OK;
}


static char *
ngx_http_pat_token_headers(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_http_pat_loc_conf_t *plcf = conf;

    char                    *error;
    ngx_str_t               *value, *name;
    ngx_uint_t               i;
    ngx_http_pat_headers_t  *headers;

    if (plcf->headers != NGX_CONF_UNSET_PTR) {
        return "is duplicate";
    }

    headers = ngx_pcalloc(cf->pool, sizeof(ngx_http_pat_headers_t));
    if (headers == NULL
        || ngx_array_init(&headers->names, cf->pool, 2, sizeof(ngx_str_t))
           != NGX_OK)
    {
        return NGX_CONF_ERROR;
    }

    plcf->headers = headers;

    value = cf->args->elts;

    for (i = 1; i < cf->args->nelts; i++) {

        error = ngx_http_pat_header_name_error(headers, &value[i]);

        if (error) {
            ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                               "token header \"%V\" %s", &value[i], error);
            return NGX_CONF_ERROR;
        }

        name = ngx_array_push(&headers->names);
        if (name == NULL) {
            return NGX_CONF_ERROR;
        }

        *name = value[i];
    }

    return ngx_http_pat_finish_headers(cf, headers);
}


static char *
ngx_http_pat_header_name_error(ngx_http_pat_headers_t *headers,
    ngx_str_t *name)
{
    u_char              c;
    size_t              n;
    ngx_str_t          *names;
    ngx_uint_t          i;
    ngx_http_header_t  *known;

    if (headers->names.nelts == NGX_HTTP_PAT_HEADERS_MAX) {
        return "is one too many";
    }

    if (name->len == 0 || name->len > NGX_HTTP_PAT_HEADER_LEN_MAX) {
        return "is empty or too long";
    }

    for (n = 0; n < name->len; n++) {
        c = ngx_tolower(name->data[n]);

        if (!(c >= 'a' && c <= 'z') && !(c >= '0' && c <= '9') && c != '-') {
            return "has another character than a letter, a digit or \"-\"";
        }
    }

    if (name->data[0] == '-') {
        return "begins with \"-\"";
    }

    if (name->len > 5
        && ngx_strncasecmp(name->data, (u_char *) "X-Pat-", 6) == 0)
    {
        return "is in the name space of what the product is told";
    }

    for (known = ngx_http_headers_in; known->name.len; known++) {
        if (known->name.len == name->len
            && ngx_strncasecmp(known->name.data, name->data, name->len) == 0)
        {
            return "has a meaning of its own";
        }
    }

    names = headers->names.elts;

    for (i = 0; i < headers->names.nelts; i++) {
        if (names[i].len == name->len
            && ngx_strncasecmp(names[i].data, name->data, name->len) == 0)
        {
            return "is duplicate";
        }
    }

    return NULL;
}


static char *
ngx_http_pat_finish_headers(ngx_conf_t *cf, ngx_http_pat_headers_t *headers)
{
    u_char      *p;
    size_t       len;
    ngx_str_t   *names;
    ngx_uint_t   i;

    headers->lengths = (uint64_t) 1 << (sizeof("Authorization") - 1);

    len = sizeof("Authorization, Content-Type");
    names = headers->names.elts;

    for (i = 0; i < headers->names.nelts; i++) {
        headers->lengths |= (uint64_t) 1 << names[i].len;
        len += names[i].len + sizeof(", ") - 1;
    }

    p = ngx_pnalloc(cf->pool, len);
    if (p == NULL) {
        return NGX_CONF_ERROR;
    }

    headers->allow.data = p;
    headers->vary.data = p;

    for (i = 0; i < headers->names.nelts; i++) {
        p = ngx_sprintf(p, "%V, ", &names[i]);
    }

    p = ngx_sprintf(p, "Authorization");
    headers->vary.len = p - headers->vary.data;

    p = ngx_sprintf(p, ", Content-Type");
    headers->allow.len = p - headers->allow.data;

    return NGX_CONF_OK;
}


static char *
ngx_http_pat_realm(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_http_pat_loc_conf_t *plcf = conf;

    size_t      i;
    ngx_str_t  *value;

    if (plcf->realm.data) {
        return "is duplicate";
    }

    value = cf->args->elts;

    for (i = 0; i < value[1].len; i++) {
        if (value[1].data[i] < 0x20 || value[1].data[i] > 0x7e
            || value[1].data[i] == '"' || value[1].data[i] == '\\')
        {
            ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                               "\"pat_realm\" takes visible ASCII without "
                               "quotes and backslashes");
            return NGX_CONF_ERROR;
        }
    }

    plcf->realm = value[1];

    return NGX_CONF_OK;
}


static char *
ngx_http_pat_verify(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_http_pat_loc_conf_t *plcf = conf;

    ngx_http_core_loc_conf_t  *clcf;

    if (plcf->verify != NGX_CONF_UNSET) {
        return "is duplicate";
    }

    plcf->verify = 1;

    clcf = ngx_http_conf_get_module_loc_conf(cf, ngx_http_core_module);
    clcf->handler = ngx_http_pat_verify_handler;

    return NGX_CONF_OK;
}


static ngx_int_t
ngx_http_pat_add_variables(ngx_conf_t *cf)
{
    ngx_http_variable_t  *var, *v;

    for (v = ngx_http_pat_vars; v->name.len; v++) {
        var = ngx_http_add_variable(cf, &v->name, v->flags);
        if (var == NULL) {
            return NGX_ERROR;
        }

        var->get_handler = v->get_handler;
        var->data = v->data;
    }

    return NGX_OK;
}


static void *
ngx_http_pat_create_main_conf(ngx_conf_t *cf)
{
    ngx_str_t                 *name;
    ngx_http_pat_headers_t    *headers;
    ngx_http_pat_main_conf_t  *pmcf;

    pmcf = ngx_pcalloc(cf->pool, sizeof(ngx_http_pat_main_conf_t));
    headers = ngx_pcalloc(cf->pool, sizeof(ngx_http_pat_headers_t));

    if (pmcf == NULL || headers == NULL
        || ngx_array_init(&headers->names, cf->pool, 1, sizeof(ngx_str_t))
           != NGX_OK)
    {
        return NULL;
    }

    name = ngx_array_push(&headers->names);
    if (name == NULL) {
        return NULL;
    }

    ngx_str_set(name, "X-Figma-Token");

    if (ngx_http_pat_finish_headers(cf, headers) != NGX_CONF_OK) {
        return NULL;
    }

    pmcf->headers = headers;

    return pmcf;
}


static void *
ngx_http_pat_create_loc_conf(ngx_conf_t *cf)
{
    ngx_http_pat_loc_conf_t  *plcf;

    plcf = ngx_pcalloc(cf->pool, sizeof(ngx_http_pat_loc_conf_t));
    if (plcf == NULL) {
        return NULL;
    }

    /*
     * set by ngx_pcalloc():
     *
     *     plcf->realm = { 0, NULL };
     */

    plcf->enable = NGX_CONF_UNSET;
    plcf->verify = NGX_CONF_UNSET;
    plcf->cors = NGX_CONF_UNSET;
    plcf->needs = NGX_CONF_UNSET_PTR;
    plcf->headers = NGX_CONF_UNSET_PTR;

    return plcf;
}


static char *
ngx_http_pat_merge_loc_conf(ngx_conf_t *cf, void *parent, void *child)
{
    ngx_http_pat_loc_conf_t *prev = parent;
    ngx_http_pat_loc_conf_t *conf = child;

    ngx_http_core_loc_conf_t  *clcf;
    ngx_http_pat_main_conf_t  *pmcf;

    pmcf = ngx_http_conf_get_module_main_conf(cf, ngx_http_pat_module);
    clcf = ngx_http_conf_get_module_loc_conf(cf, ngx_http_core_module);

    /* a content handler is not inherited, but by "if" and "limit_except" */

    if (conf->verify == NGX_CONF_UNSET) {
        conf->verify = 0;

        if (clcf->noname && prev->verify == 1 && clcf->handler == NULL) {
            conf->verify = 1;
            clcf->handler = ngx_http_pat_verify_handler;
        }
    }

    if (conf->verify && conf->enable == 1) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "\"pat_verify\" and \"pat on\" in location \"%V\": "
                           "\"pat_verify\" judges tokens itself",
                           &clcf->name);
        return NGX_CONF_ERROR;
    }

    if (conf->verify && clcf->handler != ngx_http_pat_verify_handler) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "\"pat_verify\" in location \"%V\" that something "
                           "else answers", &clcf->name);
        return NGX_CONF_ERROR;
    }

    if (conf->verify) {

        /* a body is not read here, so none is too large */

        clcf->client_max_body_size = 0;
    }

    ngx_conf_merge_value(conf->enable, prev->enable, 0);
    ngx_conf_merge_value(conf->cors, prev->cors, 0);
    ngx_conf_merge_ptr_value(conf->needs, prev->needs, NULL);
    ngx_conf_merge_ptr_value(conf->headers, prev->headers, pmcf->headers);
    ngx_conf_merge_str_value(conf->realm, prev->realm, "patd");

    if (conf->enable || conf->verify) {
        pmcf->used = 1;

        if (clcf->error_log->log_level > NGX_LOG_NOTICE && !pmcf->warned) {
            pmcf->warned = 1;

            ngx_conf_log_error(NGX_LOG_WARN, cf, 0,
                               "with \"error_log\" at \"info\" or \"debug\" "
                               "nginx writes tokens to the log, when they come "
                               "in headers that it refuses");
        }
    }

    return NGX_CONF_OK;
}


static ngx_int_t
ngx_http_pat_init(ngx_conf_t *cf)
{
    ngx_http_handler_pt        *h;
    ngx_http_pat_main_conf_t   *pmcf;
    ngx_http_core_main_conf_t  *cmcf;

    pmcf = ngx_http_conf_get_module_main_conf(cf, ngx_http_pat_module);

    if (pmcf->used && pmcf->index.data == NULL) {
        ngx_log_error(NGX_LOG_EMERG, cf->log, 0,
                      "\"pat on\" and \"pat_verify\" need a \"pat_index\" in "
                      "\"http\"");
        return NGX_ERROR;
    }

    cmcf = ngx_http_conf_get_module_main_conf(cf, ngx_http_core_module);

    h = ngx_array_push(&cmcf->phases[NGX_HTTP_ACCESS_PHASE].handlers);
    if (h == NULL) {
        return NGX_ERROR;
    }

    *h = ngx_http_pat_access_handler;

    h = ngx_array_push(&cmcf->phases[NGX_HTTP_PREACCESS_PHASE].handlers);
    if (h == NULL) {
        return NGX_ERROR;
    }

    *h = ngx_http_pat_preaccess_handler;

    ngx_http_pat_init_request_headers();
    ngx_http_pat_init_answer();

    return NGX_OK;
}


static ngx_int_t
ngx_http_pat_init_process(ngx_cycle_t *cycle)
{
    ngx_http_pat_main_conf_t  *pmcf;

    if (ngx_process != NGX_PROCESS_WORKER && ngx_process != NGX_PROCESS_SINGLE)
    {
        return NGX_OK;
    }

    pmcf = ngx_http_cycle_get_module_main_conf(cycle, ngx_http_pat_module);

    if (pmcf == NULL || !pmcf->used) {
        return NGX_OK;
    }

    ngx_http_pat_refresh_connection.fd = (ngx_socket_t) -1;

    ngx_http_pat_refresh_event.handler = ngx_http_pat_refresh;
    ngx_http_pat_refresh_event.data = &ngx_http_pat_refresh_connection;
    ngx_http_pat_refresh_event.log = cycle->log;

    /* or a worker that is to exit would stay for it */

    ngx_http_pat_refresh_event.cancelable = 1;

    ngx_http_pat_refresh(&ngx_http_pat_refresh_event);

    return NGX_OK;
}


static void
ngx_http_pat_exit_process(ngx_cycle_t *cycle)
{
    pat_verifier_freep(&ngx_http_pat_verifier);
}


static void
ngx_http_pat_refresh(ngx_event_t *ev)
{
    ngx_uint_t                 out;
    ngx_http_pat_main_conf_t  *pmcf;

    pmcf = ngx_http_cycle_get_module_main_conf(ngx_cycle, ngx_http_pat_module);

    ngx_add_timer(ev, NGX_HTTP_PAT_REFRESH);

    if (ngx_http_pat_verifier == NULL
        && pat_verifier_new((char *) pmcf->index.data, &ngx_http_pat_verifier)
           < 0)
    {
        ngx_http_pat_verifier = NULL;
    }

    out = ngx_http_pat_verifier == NULL
          || !pat_verifier_refresh(ngx_http_pat_verifier);

    if (out == ngx_http_pat_out_of_service) {
        return;
    }

    ngx_http_pat_out_of_service = out;

    if (out) {
        ngx_log_error(NGX_LOG_ERR, ev->log, 0,
                      "pat: no verification index in \"%V\" that this "
                      "worker's user can read, requests that "
                      "need a token are answered 503", &pmcf->index);

    } else {
        ngx_log_error(NGX_LOG_NOTICE, ev->log, 0,
                      "pat: the verification index in \"%V\" is there again",
                      &pmcf->index);
    }
}
