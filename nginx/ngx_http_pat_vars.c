
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Variables: what is known of a request's token, for logs, maps and products.
 */


#include "ngx_http_pat.h"
#include "base/clock.h"


static ngx_int_t ngx_http_pat_variable(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data);
static ngx_int_t ngx_http_pat_verdict_variable(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data);
static ngx_int_t ngx_http_pat_expires_variable(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data);


static ngx_http_variable_t  ngx_http_pat_vars[] = {

    { ngx_string("pat_user"), NULL, ngx_http_pat_variable,
      offsetof(ngx_http_pat_ctx_t, user), NGX_HTTP_VAR_NOCACHEABLE, 0 },

    { ngx_string("pat_scopes"), NULL, ngx_http_pat_variable,
      offsetof(ngx_http_pat_ctx_t, scopes), NGX_HTTP_VAR_NOCACHEABLE, 0 },

    { ngx_string("pat_token_id"), NULL, ngx_http_pat_variable,
      offsetof(ngx_http_pat_ctx_t, token_id), NGX_HTTP_VAR_NOCACHEABLE, 0 },

    { ngx_string("pat_limits"), NULL, ngx_http_pat_variable,
      offsetof(ngx_http_pat_ctx_t, limits), NGX_HTTP_VAR_NOCACHEABLE, 0 },

    { ngx_string("pat_operation"), NULL, ngx_http_pat_variable,
      offsetof(ngx_http_pat_ctx_t, operation), NGX_HTTP_VAR_NOCACHEABLE, 0 },

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
    ngx_string("unavailable"),
    ngx_string("audience"),
    ngx_string("network"),
    ngx_string("resource"),
    ngx_string("rate"),
    ngx_string("closed"),
    ngx_string("path"),
    ngx_string("route"),
    ngx_string("method"),
    ngx_string("product")
};


ngx_int_t
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
