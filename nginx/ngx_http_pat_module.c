
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The phases, a request's verdict and what is known of it, the worker's
 * verifier.
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


#define NGX_HTTP_PAT_REFRESH  1000


static PAT_HOT ngx_int_t ngx_http_pat_access_handler(ngx_http_request_t *r);
static PAT_HOT ngx_int_t ngx_http_pat_preaccess_handler(ngx_http_request_t *r);
static PAT_HOT ngx_int_t ngx_http_pat_judge(ngx_http_request_t *r,
    ngx_http_pat_loc_conf_t *plcf, ngx_http_pat_ctx_t **pctx,
    ngx_http_pat_rewrite_t *rw);
static ngx_uint_t ngx_http_pat_is_nobody(ngx_http_pat_loc_conf_t *plcf,
    ngx_http_pat_ctx_t *ctx);
static enum pat_verdict ngx_http_pat_decide(ngx_http_request_t *r,
    ngx_http_pat_loc_conf_t *plcf, ngx_http_pat_ctx_t *ctx,
    struct pat_verifying *verifying, struct pat_identity *id);
static PAT_APART enum pat_verdict ngx_http_pat_decide_operation(
    ngx_http_request_t *r, ngx_http_pat_loc_conf_t *plcf,
    ngx_http_pat_ctx_t *ctx, struct pat_verifying *verifying,
    struct pat_identity *id);
static PAT_HOT enum pat_verdict ngx_http_pat_decide_token(
    ngx_http_request_t *r, ngx_http_pat_loc_conf_t *plcf,
    ngx_http_pat_ctx_t *ctx, ngx_str_t *product,
    struct pat_operation *operation, struct pat_verifying *verifying,
    struct pat_identity *id);
static void ngx_http_pat_begin(ngx_http_request_t *r,
    ngx_http_pat_loc_conf_t *plcf, ngx_http_pat_seen_t *seen,
    struct pat_verifying *verifying);
static ngx_int_t ngx_http_pat_identify(ngx_http_request_t *r,
    ngx_http_pat_ctx_t *ctx, struct pat_identity *id);
static pat_chars_are ngx_http_pat_is_visible(pat_chars c);
static pat_chars_are ngx_http_pat_is_visible_or_space(pat_chars c);

static ngx_int_t ngx_http_pat_init(ngx_conf_t *cf);

static ngx_int_t ngx_http_pat_init_process(ngx_cycle_t *cycle);
static void ngx_http_pat_exit_process(ngx_cycle_t *cycle);
static void ngx_http_pat_refresh(ngx_event_t *ev);


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


/* a worker's own: one thread, one verifier */

static struct pat_verifier  *ngx_http_pat_verifier;
static ngx_event_t           ngx_http_pat_refresh_event;
static ngx_connection_t      ngx_http_pat_refresh_connection;
static ngx_uint_t            ngx_http_pat_out_of_service;


static ngx_int_t
ngx_http_pat_access_handler(ngx_http_request_t *r)
{
    ngx_int_t                  rc;
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

    rc = ngx_http_pat_judge(r, plcf, &ctx, &rw);

    if (rc != NGX_OK) {
        return rc;
    }

    if (ctx->verdict == PAT_VERDICT_ALLOWED) {
        ngx_http_pat_rewrite_end(&rw, ctx);
        return NGX_OK;
    }

    if (ngx_http_pat_is_nobody(plcf, ctx)) {

        /* declined: with "satisfy any" this is no reason to let it pass */

        ngx_http_pat_rewrite_end(&rw, ctx);
        ctx->judged = 0;

        return NGX_DECLINED;
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
        ngx_str_null(&ctx->limits);
        ctx->expires = 0;

        ngx_http_pat_rewrite_end(&rw, ctx);

        if (ngx_http_pat_challenge(r, plcf, ctx) != NGX_OK) {
            return NGX_ERROR;
        }

        return rc;
    }

    ngx_http_pat_rewrite_undo(r, &rw);

    rc = ngx_http_pat_refuse(r, plcf, ctx);

answered:

    /* or the phases would be run again when the client is slow to read */

    r->write_event_handler = ngx_http_request_empty_handler;

    ngx_http_finalize_request(r, rc);

    return NGX_DONE;
}


static ngx_int_t
ngx_http_pat_preaccess_handler(ngx_http_request_t *r)
{
    ngx_int_t                 rc;
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

    rc = ngx_http_pat_judge(r, plcf, &ctx, &rw);

    if (rc != NGX_OK) {
        return rc;
    }

    if (ctx->verdict == PAT_VERDICT_ALLOWED) {
        ngx_http_pat_rewrite_end(&rw, ctx);
        return NGX_DECLINED;
    }

    if (ngx_http_pat_is_nobody(plcf, ctx)) {
        ngx_http_pat_rewrite_end(&rw, ctx);
        ctx->judged = 0;

        return NGX_DECLINED;
    }

    ngx_http_pat_rewrite_undo(r, &rw);

    /* auth_request copies the challenge to the client */

    if (ngx_http_pat_challenge(r, plcf, ctx) != NGX_OK) {
        return NGX_ERROR;
    }

    return pat_verdict_refusal(ctx->verdict)->status;
}


ngx_int_t
ngx_http_pat_verify_handler(ngx_http_request_t *r)
{
    ngx_int_t                 rc;
    ngx_http_pat_ctx_t       *ctx;
    ngx_http_pat_loc_conf_t  *plcf;

    plcf = ngx_http_get_module_loc_conf(r, ngx_http_pat_module);

    rc = ngx_http_pat_judge(r, plcf, &ctx, NULL);

    if (rc == NGX_AGAIN) {

        /* finalizing counts down each time; who is waited for calls again */

        r->main->count++;

        return NGX_DONE;
    }

    if (rc != NGX_OK) {
        return NGX_ERROR;
    }

    if (ctx->verdict == PAT_VERDICT_ALLOWED) {
        return ngx_http_pat_confirm(r, ctx);
    }

    return ngx_http_pat_refuse(r, plcf, ctx);
}


/*
 * With rw, the request's headers are rewritten as if it were allowed, but for
 * the identity: that has to be done for nearly every request, and memory has
 * the time to bring the token's place in the index meanwhile.
 */

static ngx_int_t
ngx_http_pat_judge(ngx_http_request_t *r, ngx_http_pat_loc_conf_t *plcf,
    ngx_http_pat_ctx_t **pctx, ngx_http_pat_rewrite_t *rw)
{
    ngx_int_t              rc;
    ngx_http_pat_ctx_t    *ctx;
    enum pat_verdict       verdict;
    struct pat_identity    id;
    ngx_http_pat_seen_t    seen;
    struct pat_verifying   verifying;

    seen.n = 0;
    seen.strip = 0;

    ngx_http_pat_begin(r, plcf, &seen, &verifying);

    ctx = ngx_http_pat_make_ctx(r);
    if (ctx == NULL) {
        return NGX_ERROR;
    }

    *pctx = ctx;

    if (verifying.asks) {
        rc = ngx_http_pat_wait_first(r, ctx, ngx_http_pat_verifier,
                                     &verifying);
        if (rc != NGX_OK) {
            return rc;
        }
    }

    if (verifying.so_far == PAT_VERDICT_ALLOWED) {
        pat_verify_approach(ngx_http_pat_verifier, &verifying);
    }

    if (rw && ngx_http_pat_rewrite_begin(r, plcf, &seen, rw) != NGX_OK) {
        return NGX_ERROR;
    }

    id.owner = NULL;

    ngx_str_null(&ctx->user);
    ngx_str_null(&ctx->scopes);
    ngx_str_null(&ctx->token_id);
    ngx_str_null(&ctx->limits);
    ngx_str_null(&ctx->operation);
    ctx->expires = 0;
    ctx->missing = NULL;

    verdict = ngx_http_pat_decide(r, plcf, ctx, &verifying, &id);

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

    if (verdict == PAT_VERDICT_UNKNOWN && verifying.asks) {
        rc = ngx_http_pat_wait_unknown(r, ctx, ngx_http_pat_verifier);

        if (rc == NGX_AGAIN) {

            if (rw) {
                ngx_http_pat_rewrite_undo(r, rw);
            }

            return NGX_AGAIN;
        }

        if (rc == NGX_DECLINED) {
            verdict = PAT_VERDICT_UNAVAILABLE;
        }
    }

    ctx->verdict = verdict;
    ctx->judged = 1;

    return NGX_OK;
}


/*
 * Nothing was presented, and need not be: the request goes on, and says of
 * nobody that it is theirs.
 */

static ngx_uint_t
ngx_http_pat_is_nobody(ngx_http_pat_loc_conf_t *plcf, ngx_http_pat_ctx_t *ctx)
{
    return plcf->enable == NGX_HTTP_PAT_OPTIONAL
           && ctx->verdict == PAT_VERDICT_MISSING;
}


static enum pat_verdict
ngx_http_pat_decide(ngx_http_request_t *r, ngx_http_pat_loc_conf_t *plcf,
    ngx_http_pat_ctx_t *ctx, struct pat_verifying *verifying,
    struct pat_identity *id)
{
    if (plcf->policy && ngx_http_pat_verifier) {
        return ngx_http_pat_decide_operation(r, plcf, ctx, verifying, id);
    }

    return ngx_http_pat_decide_token(r, plcf, ctx, &plcf->product, NULL,
                                     verifying, id);
}


/*
 * Which operation it is comes before who asks: of what is not there nobody
 * needs a token to be told so.  What is known of an operation is five
 * kilobytes, and not on the stack of those who have none.
 */

static enum pat_verdict
ngx_http_pat_decide_operation(ngx_http_request_t *r,
    ngx_http_pat_loc_conf_t *plcf, ngx_http_pat_ctx_t *ctx,
    struct pat_verifying *verifying, struct pat_identity *id)
{
    ngx_str_t             product;
    enum pat_verdict      verdict;
    struct pat_segment    name;
    struct pat_operation  operation;

    product = plcf->product;

    verdict = ngx_http_pat_asked(r, plcf, ngx_http_pat_verifier, &operation,
                                 &product);

    if (verdict != PAT_VERDICT_ALLOWED) {
        ctx->methods = operation.match.methods;
        return verdict;
    }

    name = pat_verify_operation_name(&operation);

    ctx->operation.data = ngx_pnalloc(r->pool, name.len);
    if (ctx->operation.data == NULL) {
        return PAT_VERDICT_UNAVAILABLE;
    }

    ngx_memcpy(ctx->operation.data, name.text, name.len);
    ctx->operation.len = name.len;

    return ngx_http_pat_decide_token(r, plcf, ctx, &product, &operation,
                                     verifying, id);
}


static enum pat_verdict
ngx_http_pat_decide_token(ngx_http_request_t *r, ngx_http_pat_loc_conf_t *plcf,
    ngx_http_pat_ctx_t *ctx, ngx_str_t *product,
    struct pat_operation *operation, struct pat_verifying *verifying,
    struct pat_identity *id)
{
    struct pat_ask      ask;
    enum pat_verdict    verdict;
    struct pat_address  address;

    if (verifying->so_far != PAT_VERDICT_ALLOWED) {
        return verifying->so_far;
    }

    ngx_memzero(&ask, sizeof(struct pat_ask));

    ask.operation = operation;

    if (plcf->needs) {
        ask.needs = plcf->needs->elts;
        ask.n_needs = plcf->needs->nelts;
    }

    ask.product = (char *) product->data;
    ask.product_len = product->len;
    ask.any_product = plcf->any;
    ask.from = ngx_http_pat_from(r, plcf, &address);
    ask.again = ctx->rated;

    /*
     * The time at which nginx was told that the request had come.  However long
     * others took since, patd's clock in the index is its floor.
     */

    verdict = pat_verify_end(ngx_http_pat_verifier, verifying, &ask,
                             ngx_time(), id);

    if (verdict == PAT_VERDICT_ALLOWED) {
        ngx_http_pat_usage_add(r, plcf, &ask, id);
    }

    ctx->missing = id->missing;

    if (id->rate.requests) {
        ctx->rate = id->rate;
        ctx->rated = (verdict == PAT_VERDICT_ALLOWED);
    }

    return verdict;
}


static void
ngx_http_pat_begin(ngx_http_request_t *r, ngx_http_pat_loc_conf_t *plcf,
    ngx_http_pat_seen_t *seen, struct pat_verifying *verifying)
{
    ngx_http_pat_ctx_t     *ctx;
    struct pat_credential   credential;

    ctx = ngx_http_pat_known_ctx(r);

    ngx_memzero(&credential, sizeof(struct pat_credential));

    if (ngx_http_pat_verifier == NULL) {
        verifying->so_far = PAT_VERDICT_UNAVAILABLE;

        if (ctx || plcf->policy || plcf->enable != NGX_HTTP_PAT_OPTIONAL) {
            return;
        }

        /* who presents nothing where nothing is needed can do without */

        ngx_http_pat_collect(r, plcf, &credential, seen);

        if (credential.state == PAT_CREDENTIAL_NONE) {
            verifying->so_far = PAT_VERDICT_MISSING;
        }

        return;
    }

    if (ctx && ctx->known) {
        pat_verify_begin_digest(ngx_http_pat_verifier, ctx->digest, verifying);
        return;
    }

    if (ctx && ctx->stripped) {

        /* refused before, passed by "satisfy any", and now looked at again */

        verifying->so_far = ctx->verdict;
        return;
    }

    ngx_http_pat_collect(r, plcf, &credential, seen);

    pat_verify_begin(ngx_http_pat_verifier, &credential, verifying);
}


static ngx_int_t
ngx_http_pat_identify(ngx_http_request_t *r, ngx_http_pat_ctx_t *ctx,
    struct pat_identity *id)
{
    u_char  *p;

    if (!pat_chars_all(id->owner, id->owner_len, ngx_http_pat_is_visible)
        || !pat_chars_all(id->scopes, id->scopes_len,
                          ngx_http_pat_is_visible_or_space)
        || !pat_chars_all(id->limits, id->limits_len,
                          ngx_http_pat_is_visible_or_space))
    {
        ngx_log_error(NGX_LOG_CRIT, r->connection->log, 0,
                      "pat: the index holds an identity that can be no "
                      "header's value, token \"%s\"", id->tid);
        return NGX_DECLINED;
    }

    /* what libpat points at may be gone at its next call */

    p = ngx_pnalloc(r->pool, id->owner_len + 1 + id->scopes_len + 1
                             + PAT_TID_CHARS + 1 + id->limits_len);
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
    p = ngx_cpymem(p, id->tid, PAT_TID_CHARS + 1);

    ctx->limits.data = p;
    ctx->limits.len = id->limits_len;
    ngx_memcpy(p, id->limits, id->limits_len);

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


static ngx_int_t
ngx_http_pat_init(ngx_conf_t *cf)
{
    ngx_http_handler_pt        *h;
    ngx_http_pat_main_conf_t   *pmcf;
    ngx_http_core_main_conf_t  *cmcf;

    pmcf = ngx_http_conf_get_module_main_conf(cf, ngx_http_pat_module);

    if (pmcf->used && pmcf->index.data == NULL) {
        ngx_log_error(NGX_LOG_EMERG, cf->log, 0,
                      "\"pat\" and \"pat_verify\" need a \"pat_index\" in "
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
    ngx_http_pat_usage_exit();
}


static void
ngx_http_pat_refresh(ngx_event_t *ev)
{
    ngx_uint_t                 out;
    ngx_http_pat_main_conf_t  *pmcf;

    pmcf = ngx_http_cycle_get_module_main_conf(ngx_cycle, ngx_http_pat_module);

    ngx_add_timer(ev, NGX_HTTP_PAT_REFRESH);

    ngx_http_pat_usage_refresh(&pmcf->index, ev->log);

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
