
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The answers that are ours: refusals, what "pat_verify" says, CORS.
 */


#include "ngx_http_pat.h"
#include "base/clock.h"


/* proxies' header buffers hold 4K, all headers together */
#define NGX_HTTP_PAT_ERROR_MAX  1000


static PAT_HOT ngx_int_t ngx_http_pat_header_filter(ngx_http_request_t *r);
static ngx_int_t ngx_http_pat_drop_body(ngx_http_request_t *r,
    ngx_uint_t close);
static ngx_int_t ngx_http_pat_body(ngx_http_request_t *r,
    const struct pat_refusal *refusal, ngx_uint_t status,
    const struct pat_need *need, ngx_str_t *json);
static ngx_int_t ngx_http_pat_allow(ngx_http_request_t *r,
    ngx_http_pat_ctx_t *ctx);
static ngx_int_t ngx_http_pat_tell(ngx_http_request_t *r,
    ngx_http_pat_ctx_t *ctx);
static ngx_int_t ngx_http_pat_join(ngx_http_request_t *r,
    const struct pat_need *need, char *separator, ngx_str_t *text);
static ngx_int_t ngx_http_pat_header(ngx_http_request_t *r, char *name,
    ngx_str_t *value);
static ngx_int_t ngx_http_pat_header_text(ngx_http_request_t *r, char *name,
    char *value);


static ngx_http_output_header_filter_pt  ngx_http_next_header_filter;


void
ngx_http_pat_init_answer(void)
{
    ngx_http_next_header_filter = ngx_http_top_header_filter;
    ngx_http_top_header_filter = ngx_http_pat_header_filter;
}


ngx_int_t
ngx_http_pat_refuse(ngx_http_request_t *r, ngx_http_pat_loc_conf_t *plcf,
    ngx_http_pat_ctx_t *ctx)
{
    ngx_int_t                  rc;
    ngx_buf_t                 *b;
    ngx_str_t                  json, brief;
    ngx_uint_t                 status;
    ngx_chain_t                out;
    enum pat_verdict           verdict;
    const struct pat_refusal  *refusal;

    verdict = ctx->verdict;

    /*
     * A token that was never one and one that is no longer valid are answered
     * alike, byte for byte, whatever the table may say one day.
     */

    if (verdict == PAT_VERDICT_MALFORMED) {
        verdict = PAT_VERDICT_UNKNOWN;
    }

    refusal = pat_verdict_refusal(verdict);
    status = refusal->status;

    /* a proxy that asks knows two words for no; what it is stands in the body */

    if (plcf->verify
        && (verdict == PAT_VERDICT_RESOURCE || verdict == PAT_VERDICT_PATH
            || verdict == PAT_VERDICT_ROUTE || verdict == PAT_VERDICT_METHOD
            || verdict == PAT_VERDICT_PRODUCT))
    {
        status = NGX_HTTP_FORBIDDEN;
    }

    rc = ngx_http_pat_drop_body(r, plcf->verify);
    if (rc != NGX_OK) {
        return rc;
    }

    if (ngx_http_pat_body(r, refusal, status, ctx->missing, &json) != NGX_OK
        || ngx_http_pat_challenge(r, plcf, ctx) != NGX_OK
        || ngx_http_pat_header_text(r, "Cache-Control", "no-store") != NGX_OK
        || ngx_http_pat_header(r, "Vary", &plcf->headers->vary) != NGX_OK
        || ngx_http_pat_header_text(r, "X-Content-Type-Options", "nosniff")
           != NGX_OK)
    {
        return NGX_ERROR;
    }

    if (refusal->status == NGX_HTTP_SERVICE_UNAVAILABLE
        && ngx_http_pat_header_text(r, "Retry-After", "1") != NGX_OK)
    {
        return NGX_ERROR;
    }

    if (status == NGX_HTTP_NOT_ALLOWED
        && ngx_http_pat_allow(r, ctx) != NGX_OK)
    {
        return NGX_ERROR;
    }

    if (plcf->verify) {
        brief = json;

        if (brief.len > NGX_HTTP_PAT_ERROR_MAX
            && ngx_http_pat_body(r, refusal, status, NULL, &brief) != NGX_OK)
        {
            return NGX_ERROR;
        }

        if (ngx_http_pat_header(r, "X-Pat-Error", &brief) != NGX_OK) {
            return NGX_ERROR;
        }
    }

    r->headers_out.status = status;
    r->headers_out.content_length_n = json.len;

    ngx_str_set(&r->headers_out.content_type, "application/json");
    r->headers_out.content_type_len = r->headers_out.content_type.len;
    r->headers_out.content_type_lowcase = NULL;
    ngx_str_set(&r->headers_out.charset, "utf-8");

    rc = ngx_http_send_header(r);

    if (rc == NGX_ERROR || rc > NGX_OK || r->header_only) {
        return rc;
    }

    b = ngx_calloc_buf(r->pool);
    if (b == NULL) {
        return NGX_ERROR;
    }

    b->pos = json.data;
    b->last = json.data + json.len;
    b->temporary = 1;
    b->last_buf = (r == r->main);
    b->last_in_chain = 1;

    out.buf = b;
    out.next = NULL;

    return ngx_http_output_filter(r, &out);
}


PAT_APART ngx_int_t
ngx_http_pat_challenge(ngx_http_request_t *r, ngx_http_pat_loc_conf_t *plcf,
    ngx_http_pat_ctx_t *ctx)
{
    u_char                    *p;
    size_t                     len;
    ngx_str_t                  scope;
    ngx_table_elt_t           *h;
    const struct pat_refusal  *refusal;

    refusal = pat_verdict_refusal(ctx->verdict);

    /* another credential would not help, or nobody can say */

    if (refusal->status != NGX_HTTP_UNAUTHORIZED
        && refusal->bearer_error == NULL)
    {
        return NGX_OK;
    }

    ngx_str_null(&scope);

    if (ctx->missing
        && ngx_http_pat_join(r, ctx->missing, " ", &scope) != NGX_OK)
    {
        return NGX_ERROR;
    }

    len = sizeof("Bearer realm=\"\", error=\"\", scope=\"\"") - 1
          + plcf->realm.len + scope.len;

    if (refusal->bearer_error) {
        len += ngx_strlen(refusal->bearer_error);
    }

    p = ngx_pnalloc(r->pool, len);
    if (p == NULL) {
        return NGX_ERROR;
    }

    h = ngx_list_push(&r->headers_out.headers);
    if (h == NULL) {
        return NGX_ERROR;
    }

    ngx_memzero(h, sizeof(ngx_table_elt_t));

    h->hash = 1;
    ngx_str_set(&h->key, "WWW-Authenticate");
    h->value.data = p;

    p = ngx_sprintf(p, "Bearer realm=\"%V\"", &plcf->realm);

    if (refusal->bearer_error) {
        p = ngx_sprintf(p, ", error=\"%s\"", refusal->bearer_error);
    }

    if (scope.len) {
        p = ngx_sprintf(p, ", scope=\"%V\"", &scope);
    }

    h->value.len = p - h->value.data;

    r->headers_out.www_authenticate = h;

    return NGX_OK;
}


/*
 * The answer of "pat_verify" to a request that may pass.  Proxies copy these
 * headers onto the request they forward, and some of them, when one is missing
 * or blank, let the client's own through: each is there every time.
 */

ngx_int_t
ngx_http_pat_confirm(ngx_http_request_t *r, ngx_http_pat_ctx_t *ctx)
{
    u_char     *expires;
    ngx_int_t   rc;

    rc = ngx_http_pat_drop_body(r, 1);
    if (rc != NGX_OK) {
        return rc;
    }

    expires = (u_char *) "-";

    if (ctx->expires) {
        expires = ngx_pnalloc(r->pool, PAT_TIME_TEXT_BYTES);
        if (expires == NULL) {
            return NGX_ERROR;
        }

        pat_time_format(ctx->expires, (char *) expires);
    }

    if (ngx_http_pat_header(r, "X-Pat-User", &ctx->user) != NGX_OK
        || ngx_http_pat_header(r, "X-Pat-Scopes", &ctx->scopes) != NGX_OK
        || ngx_http_pat_header(r, "X-Pat-Token-Id", &ctx->token_id) != NGX_OK
        || ngx_http_pat_header_text(r, "X-Pat-Expires", (char *) expires)
           != NGX_OK
        || ngx_http_pat_header_text(r, "Cache-Control", "no-store") != NGX_OK)
    {
        return NGX_ERROR;
    }

    /* 200 and no less: Envoy takes no other status for a yes */

    r->headers_out.status = NGX_HTTP_OK;
    r->headers_out.content_length_n = 0;
    r->header_only = 1;

    return ngx_http_send_header(r);
}


/*
 * A body that the client announced and we have no use for.  nginx would read
 * it and throw it away, which suits a client that is going to send it.  A proxy
 * that asks "may this pass?" often announces the body and keeps it to itself,
 * and a client that expects "100 Continue" may do so too; then the next request
 * on the connection would be taken for the body, so there is none.
 */

static ngx_int_t
ngx_http_pat_drop_body(ngx_http_request_t *r, ngx_uint_t close)
{
    if (r != r->main || r->request_body || r->discard_body) {
        return NGX_OK;
    }

    r->expect_tested = 1;

    if ((close || r->headers_in.expect)
        && (r->headers_in.content_length_n > 0 || r->headers_in.chunked)
        && r->http_version < NGX_HTTP_VERSION_20)
    {
        r->keepalive = 0;
        r->lingering_close = 1;

        return NGX_OK;
    }

    return ngx_http_discard_request_body(r);
}


/*
 * The members' texts are libpat's own and need no escaping; nor do scope
 * names, whose characters RFC 6749 chose to be so.
 */

static ngx_int_t
ngx_http_pat_body(ngx_http_request_t *r, const struct pat_refusal *refusal,
    ngx_uint_t status, const struct pat_need *need, ngx_str_t *json)
{
    u_char     *p;
    size_t      len;
    ngx_str_t   scope;

    ngx_str_null(&scope);

    if (need && ngx_http_pat_join(r, need, " or ", &scope) != NGX_OK) {
        return NGX_ERROR;
    }

    len = sizeof("{\"type\":\"about:blank\",\"title\":\"\",\"status\":,"
                 "\"detail\":\"\",\"err\":\" This endpoint requires the  "
                 "scope\",\"reason\":\"\",\"scope\":\"\"}") - 1
          + NGX_INT_T_LEN + sizeof("Forbidden") + ngx_strlen(refusal->title)
          + ngx_strlen(refusal->detail) + ngx_strlen(refusal->err)
          + ngx_strlen(refusal->reason) + 2 * scope.len;

    p = ngx_pnalloc(r->pool, len);
    if (p == NULL) {
        return NGX_ERROR;
    }

    json->data = p;

    p = ngx_sprintf(p, "{\"type\":\"about:blank\",\"title\":\"%s\","
                       "\"status\":%ui,\"detail\":\"%s\",\"err\":\"%s",
                    status == (ngx_uint_t) refusal->status ? refusal->title
                                                           : "Forbidden",
                    status, refusal->detail, refusal->err);

    if (scope.len) {
        p = ngx_sprintf(p, " This endpoint requires the %V scope", &scope);
    }

    p = ngx_sprintf(p, "\",\"reason\":\"%s\"", refusal->reason);

    if (scope.len) {

        /* several names: a list as in RFC 6749, any one of which suffices */

        if (need->n > 1 && ngx_http_pat_join(r, need, " ", &scope) != NGX_OK) {
            return NGX_ERROR;
        }

        p = ngx_sprintf(p, ",\"scope\":\"%V\"", &scope);
    }

    *p++ = '}';

    json->len = p - json->data;

    return NGX_OK;
}


static ngx_int_t
ngx_http_pat_join(ngx_http_request_t *r, const struct pat_need *need,
    char *separator, ngx_str_t *text)
{
    u_char  *p;
    size_t   i, len;

    len = 0;

    for (i = 0; i < need->n; i++) {
        len += need->scopes[i].len + ngx_strlen(separator);
    }

    p = ngx_pnalloc(r->pool, len);
    if (p == NULL) {
        return NGX_ERROR;
    }

    text->data = p;

    for (i = 0; i < need->n; i++) {
        if (i) {
            p = ngx_sprintf(p, "%s", separator);
        }

        p = ngx_cpymem(p, need->scopes[i].name, need->scopes[i].len);
    }

    text->len = p - text->data;

    return NGX_OK;
}


/*
 * Asked before a cross-origin request that carries a token; it carries none
 * itself.
 */

ngx_int_t
ngx_http_pat_is_preflight(ngx_http_request_t *r)
{
    ngx_http_pat_said_t  said;

    if (r->method != NGX_HTTP_OPTIONS) {
        return 0;
    }

    ngx_http_pat_said(r, "access-control-request-method", &said);

    return said.times != 0;
}


PAT_APART ngx_int_t
ngx_http_pat_preflight(ngx_http_request_t *r, ngx_http_pat_loc_conf_t *plcf)
{
    ngx_int_t  rc;

    rc = ngx_http_pat_drop_body(r, 0);
    if (rc != NGX_OK) {
        return rc;
    }

    if (ngx_http_pat_header(r, "Access-Control-Allow-Headers",
                            &plcf->headers->allow)
        != NGX_OK
        || ngx_http_pat_header_text(r, "Access-Control-Allow-Methods",
                                    "GET, HEAD, POST, PUT, PATCH, DELETE")
           != NGX_OK
        || ngx_http_pat_header_text(r, "Access-Control-Max-Age", "86400")
           != NGX_OK)
    {
        return NGX_ERROR;
    }

    r->headers_out.status = NGX_HTTP_NO_CONTENT;
    r->header_only = 1;

    return ngx_http_send_header(r);
}


static ngx_int_t
ngx_http_pat_header_filter(ngx_http_request_t *r)
{
    ngx_uint_t                i;
    ngx_list_part_t          *part;
    ngx_table_elt_t          *header;
    ngx_http_pat_ctx_t       *ctx;
    ngx_http_pat_loc_conf_t  *plcf;

    static u_char             name[] = "Access-Control-Allow-Origin";

    if (r != r->main) {
        return ngx_http_next_header_filter(r);
    }

    ctx = ngx_http_pat_judged_ctx(r);

    if (ctx && ngx_http_pat_tell(r, ctx) != NGX_OK) {
        return NGX_ERROR;
    }

    plcf = ngx_http_get_module_loc_conf(r, ngx_http_pat_module);

    if (!plcf->cors) {
        return ngx_http_next_header_filter(r);
    }

    /* two of them would be none to a browser */

    part = &r->headers_out.headers.part;
    header = part->elts;

    for (i = 0; /* void */ ; i++) {

        if (i >= part->nelts) {
            if (part->next == NULL) {
                break;
            }

            part = part->next;
            header = part->elts;
            i = 0;
        }

        if (header[i].key.len == sizeof(name) - 1
            && ngx_strncasecmp(header[i].key.data, name, sizeof(name) - 1)
               == 0)
        {
            header[i].hash = 0;
        }
    }

    if (ngx_http_pat_header_text(r, "Access-Control-Allow-Origin", "*")
        != NGX_OK)
    {
        return NGX_ERROR;
    }

    return ngx_http_next_header_filter(r);
}


/*
 * RFC 9110, section 15.5.6: which methods the path has.
 */

static ngx_int_t
ngx_http_pat_allow(ngx_http_request_t *r, ngx_http_pat_ctx_t *ctx)
{
    ngx_str_t    value;
    unsigned     method;

    value.len = 0;
    value.data = ngx_pnalloc(r->pool, PAT_METHODS * sizeof("OPTIONS, "));
    if (value.data == NULL) {
        return NGX_ERROR;
    }

    for (method = 0; method < PAT_METHODS; method++) {

        if (!(ctx->methods & (1u << method))) {
            continue;
        }

        value.len = ngx_sprintf(value.data + value.len, "%s%s",
                                value.len ? ", " : "",
                                pat_method_name(method))
                    - value.data;
    }

    return ngx_http_pat_header(r, "Allow", &value);
}


/*
 * What a caller may know of its token: how long it lives, and what is left of
 * its rate, as draft-ietf-httpapi-ratelimit-headers-10 writes it.
 */

static ngx_int_t
ngx_http_pat_tell(ngx_http_request_t *r, ngx_http_pat_ctx_t *ctx)
{
    u_char     *expires;
    ngx_str_t   policy, left, retry;

    if (ctx->expires) {
        expires = ngx_pnalloc(r->pool, PAT_TIME_TEXT_BYTES);
        if (expires == NULL) {
            return NGX_ERROR;
        }

        pat_time_format(ctx->expires, (char *) expires);

        if (ngx_http_pat_header_text(r, "Pat-Expires", (char *) expires)
            != NGX_OK)
        {
            return NGX_ERROR;
        }
    }

    if (ctx->rate.requests == 0) {
        return NGX_OK;
    }

    policy.data = ngx_pnalloc(r->pool, 5 * NGX_INT_T_LEN
                              + sizeof("\"token\";q=;w=\"token\";r=;t="));
    if (policy.data == NULL) {
        return NGX_ERROR;
    }

    policy.len = ngx_sprintf(policy.data, "\"token\";q=%uD;w=%uD",
                             ctx->rate.requests, ctx->rate.window_s)
                 - policy.data;

    left.data = policy.data + policy.len;
    left.len = ngx_sprintf(left.data, "\"token\";r=%uD;t=%uD",
                           ctx->rate.remaining, ctx->rate.reset_s)
               - left.data;

    if (ngx_http_pat_header(r, "RateLimit-Policy", &policy) != NGX_OK
        || ngx_http_pat_header(r, "RateLimit", &left) != NGX_OK)
    {
        return NGX_ERROR;
    }

    if (ctx->verdict != PAT_VERDICT_RATE) {
        return NGX_OK;
    }

    retry.data = left.data + left.len;
    retry.len = ngx_sprintf(retry.data, "%uD", ctx->rate.retry_s) - retry.data;

    return ngx_http_pat_header(r, "Retry-After", &retry);
}


static ngx_int_t
ngx_http_pat_header(ngx_http_request_t *r, char *name, ngx_str_t *value)
{
    ngx_table_elt_t  *h;

    h = ngx_list_push(&r->headers_out.headers);
    if (h == NULL) {
        return NGX_ERROR;
    }

    ngx_memzero(h, sizeof(ngx_table_elt_t));

    h->hash = 1;
    h->key.len = ngx_strlen(name);
    h->key.data = (u_char *) name;

    if (value->len) {
        h->value = *value;

    } else {
        ngx_str_set(&h->value, "-");
    }

    return NGX_OK;
}


static ngx_int_t
ngx_http_pat_header_text(ngx_http_request_t *r, char *name, char *value)
{
    ngx_str_t  text;

    text.len = ngx_strlen(value);
    text.data = (u_char *) value;

    return ngx_http_pat_header(r, name, &text);
}
