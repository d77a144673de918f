
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * What is known of a request's token, kept where an internal redirect leaves it
 * alone: in the request's pool, found again by its cleanup.
 */


#include "ngx_http_pat.h"


static PAT_HOT ngx_http_pat_ctx_t *ngx_http_pat_get_ctx(ngx_http_request_t *r,
    ngx_http_request_t *owner);
static PAT_HOT void ngx_http_pat_cleanup(void *data);


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

ngx_http_pat_ctx_t *
ngx_http_pat_known_ctx(ngx_http_request_t *r)
{
    ngx_http_pat_ctx_t  *ctx;

    ctx = ngx_http_pat_get_ctx(r, r);

    if (ctx == NULL && r != r->main) {
        ctx = ngx_http_pat_get_ctx(r, r->main);
    }

    return ctx;
}


ngx_http_pat_ctx_t *
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
            ctx->rated = whole->rated;
            ctx->rate = whole->rate;
            ngx_memcpy(ctx->digest, whole->digest, PAT_DIGEST_BYTES);
        }
    }

    ngx_http_set_ctx(r, ctx, ngx_http_pat_module);

    return ctx;
}


static void
ngx_http_pat_cleanup(void *data)
{
    ngx_http_pat_ctx_t  *ctx;

    ctx = data;

    if (ctx->wait.timer_set) {
        ngx_del_timer(&ctx->wait);
    }
}


/*
 * A subrequest that was not judged itself speaks of its request's token.
 */

PAT_HOT ngx_http_pat_ctx_t *
ngx_http_pat_judged_ctx(ngx_http_request_t *r)
{
    ngx_http_pat_ctx_t  *ctx;

    ctx = ngx_http_pat_get_ctx(r, r);

    if ((ctx == NULL || !ctx->judged) && r != r->main) {
        ctx = ngx_http_pat_get_ctx(r, r->main);
    }

    return (ctx && ctx->judged) ? ctx : NULL;
}
