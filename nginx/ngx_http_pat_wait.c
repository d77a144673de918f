
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * One of several nodes may know less than was made elsewhere.  Before it says
 * that a token is unknown, or anything at all where the node is strict or the
 * client has named a change that it has seen (X-Min-Seq), the worker asks, and
 * the request waits.
 *
 * One question is asked for a request: what was made before it came is in the
 * answer.
 */


#include "ngx_http_pat.h"


#define NGX_HTTP_PAT_WAIT_TICK  1      /* ms */
#define NGX_HTTP_PAT_WAIT_MAX   2000


static ngx_int_t ngx_http_pat_wait_begin(ngx_http_request_t *r,
    ngx_http_pat_ctx_t *ctx, struct pat_verifier *verifier);
static ngx_int_t ngx_http_pat_wait_look(ngx_http_pat_ctx_t *ctx,
    struct pat_verifier *verifier);
static ngx_int_t ngx_http_pat_wait_min_seq(ngx_http_request_t *r,
    uint64_t *seq);
static void ngx_http_pat_wait_handler(ngx_event_t *ev);
static void ngx_http_pat_wait_nothing(ngx_http_request_t *r);


/*
 * Before the token is looked up.  Refused at once: there is nobody who could
 * say, or what the client has seen has not come here.
 */

PAT_APART ngx_int_t
ngx_http_pat_wait_first(ngx_http_request_t *r, ngx_http_pat_ctx_t *ctx,
    struct pat_verifier *verifier, struct pat_verifying *verifying)
{
    uint64_t   seq;
    ngx_int_t  rc;

    rc = ngx_http_pat_wait_look(ctx, verifier);

    if (rc == NGX_AGAIN) {
        ngx_add_timer(&ctx->wait, NGX_HTTP_PAT_WAIT_TICK);
        return NGX_AGAIN;
    }

    seq = 0;

    if (ngx_http_pat_wait_min_seq(r, &seq) != NGX_OK) {
        verifying->so_far = PAT_VERDICT_UNAVAILABLE;
        return NGX_OK;
    }

    if (verifying->asks != PAT_INDEX_STRICT
        && pat_verify_applied(verifier) >= seq)
    {
        return NGX_OK;
    }

    if (ctx->wait_state == NGX_HTTP_PAT_WAIT_NOT) {
        return ngx_http_pat_wait_begin(r, ctx, verifier);
    }

    if (ctx->wait_state == NGX_HTTP_PAT_WAIT_NOBODY
        || pat_verify_applied(verifier) < seq)
    {
        verifying->so_far = PAT_VERDICT_UNAVAILABLE;
    }

    return NGX_OK;
}


/*
 * The token is not here.  NGX_DECLINED: nobody can say whether it is.
 */

PAT_APART ngx_int_t
ngx_http_pat_wait_unknown(ngx_http_request_t *r, ngx_http_pat_ctx_t *ctx,
    struct pat_verifier *verifier)
{
    switch (ctx->wait_state) {

    case NGX_HTTP_PAT_WAIT_NOT:
        return ngx_http_pat_wait_begin(r, ctx, verifier);

    case NGX_HTTP_PAT_WAIT_NOBODY:
        return NGX_DECLINED;

    default:
        return NGX_OK;
    }
}


static ngx_int_t
ngx_http_pat_wait_begin(ngx_http_request_t *r, ngx_http_pat_ctx_t *ctx,
    struct pat_verifier *verifier)
{
    ngx_log_debug0(NGX_LOG_DEBUG_HTTP, r->connection->log, 0, "pat: ask");

    pat_verify_ask(verifier, &ctx->question);

    ctx->wait_state = NGX_HTTP_PAT_WAIT_ASKED;
    ctx->wait_until = ngx_current_msec + NGX_HTTP_PAT_WAIT_MAX;

    ctx->wait.handler = ngx_http_pat_wait_handler;
    ctx->wait.data = r;
    ctx->wait.log = r->connection->log;

    /* a client that goes away takes its request with it */

    r->read_event_handler = ngx_http_test_reading;
    r->write_event_handler = ngx_http_pat_wait_nothing;

    ngx_add_timer(&ctx->wait, NGX_HTTP_PAT_WAIT_TICK);

    return NGX_AGAIN;
}


/* NGX_AGAIN while it has been asked, and nobody has answered */

static ngx_int_t
ngx_http_pat_wait_look(ngx_http_pat_ctx_t *ctx, struct pat_verifier *verifier)
{
    if (ctx->wait_state != NGX_HTTP_PAT_WAIT_ASKED) {
        return NGX_OK;
    }

    switch (pat_verify_answer(verifier, &ctx->question)) {

    case PAT_INDEX_ANSWER_PENDING:

        if ((ngx_msec_int_t) (ctx->wait_until - ngx_current_msec) > 0) {
            return NGX_AGAIN;
        }

        ctx->wait_state = NGX_HTTP_PAT_WAIT_NOBODY;
        break;

    case PAT_INDEX_ANSWER_LOOK:
        ctx->wait_state = NGX_HTTP_PAT_WAIT_HEARD;
        break;

    default:
        ctx->wait_state = NGX_HTTP_PAT_WAIT_NOBODY;
        break;
    }

    return NGX_OK;
}


static ngx_int_t
ngx_http_pat_wait_min_seq(ngx_http_request_t *r, uint64_t *seq)
{
    ngx_int_t            n;
    ngx_http_pat_said_t  said;

    ngx_http_pat_said(r, "x-min-seq", &said);

    if (said.times == 0) {
        return NGX_OK;
    }

    n = ngx_atoi(said.value.data, said.value.len);

    if (said.times > 1 || n == NGX_ERROR) {
        return NGX_DECLINED;
    }

    *seq = n;

    return NGX_OK;
}


static void
ngx_http_pat_wait_handler(ngx_event_t *ev)
{
    ngx_connection_t    *c;
    ngx_http_request_t  *r;

    r = ev->data;
    c = r->connection;

    ngx_http_set_log_request(c->log, r);

    if (r->content_handler == ngx_http_pat_verify_handler) {
        r->write_event_handler = ngx_http_request_empty_handler;
        ngx_http_finalize_request(r, ngx_http_pat_verify_handler(r));

    } else {
        r->read_event_handler = ngx_http_block_reading;
        r->write_event_handler = ngx_http_core_run_phases;
        ngx_http_core_run_phases(r);
    }

    ngx_http_run_posted_requests(c);
}


static void
ngx_http_pat_wait_nothing(ngx_http_request_t *r)
{
    /* it is not the client that is waited for */
}
