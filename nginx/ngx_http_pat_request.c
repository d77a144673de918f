
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The request's headers: reading the credential out of them, and making sure
 * that whoever the request is handed to sees our word on who it is, nobody
 * else's, and never the secret.
 */


#include "ngx_http_pat.h"


#define NGX_HTTP_PAT_ADDED  3


typedef enum {
    NGX_HTTP_PAT_OTHER = 0,
    NGX_HTTP_PAT_AUTHORIZATION,
    NGX_HTTP_PAT_TOKEN,
    NGX_HTTP_PAT_ALIAS,       /* another spelling of a token header */
    NGX_HTTP_PAT_IDENTITY     /* X-Pat-*, in any spelling */
} ngx_http_pat_kind_e;


typedef enum {
    NGX_HTTP_PAT_UNLIKE = 0,
    NGX_HTTP_PAT_ALIKE,       /* to CGI and its like */
    NGX_HTTP_PAT_SAME
} ngx_http_pat_likeness_e;


/* the three, while a rewritten list may end in them */

typedef struct {
    ngx_list_part_t   part;
    ngx_table_elt_t   headers[NGX_HTTP_PAT_ADDED];
} ngx_http_pat_added_t;


static ngx_inline ngx_http_pat_kind_e ngx_http_pat_header_kind(
    ngx_http_request_t *r, ngx_http_pat_loc_conf_t *plcf,
    ngx_table_elt_t *header);
static PAT_HOT ngx_http_pat_kind_e ngx_http_pat_named_kind(
    ngx_http_pat_loc_conf_t *plcf, ngx_str_t *name);
static ngx_uint_t ngx_http_pat_strips(ngx_http_pat_kind_e kind,
    ngx_table_elt_t *header);
static PAT_HOT ngx_http_pat_likeness_e ngx_http_pat_likeness(u_char *data,
    u_char *canonical, size_t len);
static ngx_int_t ngx_http_pat_keep(ngx_http_request_t *r,
    ngx_list_part_t **tail, ngx_table_elt_t *header, ngx_uint_t n);
static void ngx_http_pat_say(ngx_table_elt_t *header, ngx_str_t *value);


/* the three, saying nothing: a product is never left without one of them */

static ngx_table_elt_t  ngx_http_pat_added_headers[NGX_HTTP_PAT_ADDED] = {
    { 0, ngx_string("X-Pat-User"), ngx_string("-"),
      (u_char *) "x-pat-user" },
    { 0, ngx_string("X-Pat-Scopes"), ngx_string("-"),
      (u_char *) "x-pat-scopes" },
    { 0, ngx_string("X-Pat-Token-Id"), ngx_string("-"),
      (u_char *) "x-pat-token-id" }
};


void
ngx_http_pat_init_request_headers(void)
{
    ngx_uint_t        i;
    ngx_table_elt_t  *h;

    for (i = 0; i < NGX_HTTP_PAT_ADDED; i++) {
        h = &ngx_http_pat_added_headers[i];
        h->hash = ngx_hash_key(h->lowcase_key, h->key.len);
    }
}


PAT_HOT void
ngx_http_pat_collect(ngx_http_request_t *r, ngx_http_pat_loc_conf_t *plcf,
    struct pat_credential *credential, ngx_http_pat_seen_t *seen)
{
    ngx_uint_t            i, n;
    ngx_list_part_t      *part;
    ngx_table_elt_t      *header;
    ngx_http_pat_kind_e   kind;

    part = &r->headers_in.headers.part;
    header = part->elts;

    for (i = 0, n = 0; /* void */ ; i++, n++) {

        if (i >= part->nelts) {
            if (part->next == NULL) {
                break;
            }

            part = part->next;
            header = part->elts;
            i = 0;
        }

        kind = ngx_http_pat_header_kind(r, plcf, &header[i]);

        if (n < NGX_HTTP_PAT_SEEN_MAX) {
            seen->n = n + 1;
            seen->strip |= (uint64_t) ngx_http_pat_strips(kind, &header[i])
                           << n;
        }

        switch (kind) {

        case NGX_HTTP_PAT_AUTHORIZATION:
            pat_credential_add_authorization(credential,
                                             (char *) header[i].value.data,
                                             header[i].value.len);
            break;

        case NGX_HTTP_PAT_TOKEN:
            pat_credential_add_header(credential,
                                      (char *) header[i].value.data,
                                      header[i].value.len);
            break;

        default:
            break;
        }
    }
}


ngx_int_t
ngx_http_pat_rewrite_begin(ngx_http_request_t *r,
    ngx_http_pat_loc_conf_t *plcf, ngx_http_pat_seen_t *seen,
    ngx_http_pat_rewrite_t *rw)
{
    ngx_uint_t             i, n, kept, strip;
    ngx_list_t            *list;
    ngx_list_part_t       *part, *tail, first;
    ngx_table_elt_t       *header;
    ngx_http_pat_added_t  *added;

    /*
     * The kept headers stay where they are, because r->headers_in points at
     * many of them, and because a parent request may share them: the new list
     * is a chain of parts over the old arrays.  No part may be empty but the
     * first, or the usual iteration would read past it.
     */

    added = ngx_palloc(r->pool, sizeof(ngx_http_pat_added_t));
    if (added == NULL) {
        return NGX_ERROR;
    }

    list = &r->headers_in.headers;

    rw->list = *list;
    rw->authorization = r->headers_in.authorization;
    rw->added = added->headers;

    first = list->part;
    part = &first;
    header = part->elts;

    tail = NULL;
    kept = 0;

    for (i = 0, n = 0; /* void */ ; i++, n++) {

        if (i >= part->nelts) {

            if (ngx_http_pat_keep(r, &tail, header + i - kept, kept)
                != NGX_OK)
            {
                return NGX_ERROR;
            }

            kept = 0;

            if (part->next == NULL) {
                break;
            }

            part = part->next;
            header = part->elts;
            i = 0;
        }

        if (n < seen->n) {
            strip = seen->strip >> n & 1;

        } else {
            strip = ngx_http_pat_strips(
                        ngx_http_pat_header_kind(r, plcf, &header[i]),
                        &header[i]);
        }

        if (!strip) {
            kept++;
            continue;
        }

        if (&header[i] == rw->authorization) {
            r->headers_in.authorization = NULL;
        }

        if (ngx_http_pat_keep(r, &tail, header + i - kept, kept) != NGX_OK) {
            return NGX_ERROR;
        }

        kept = 0;
    }

    if (tail == NULL) {
        tail = &list->part;
        tail->nelts = 0;
    }

    for (i = 0; i < NGX_HTTP_PAT_ADDED; i++) {
        added->headers[i] = ngx_http_pat_added_headers[i];
    }

    added->part.elts = added->headers;
    added->part.nelts = NGX_HTTP_PAT_ADDED;
    added->part.next = NULL;

    tail->next = &added->part;

    /* the last part is full, so that another header starts a part of its own */

    list->last = &added->part;
    list->nalloc = NGX_HTTP_PAT_ADDED;

    return NGX_OK;
}


void
ngx_http_pat_rewrite_end(ngx_http_pat_rewrite_t *rw, ngx_http_pat_ctx_t *ctx)
{
    ngx_http_pat_say(&rw->added[0], &ctx->user);
    ngx_http_pat_say(&rw->added[1], &ctx->scopes);
    ngx_http_pat_say(&rw->added[2], &ctx->token_id);

    ctx->stripped = 1;
}


void
ngx_http_pat_rewrite_undo(ngx_http_request_t *r, ngx_http_pat_rewrite_t *rw)
{
    r->headers_in.headers = rw->list;
    r->headers_in.authorization = rw->authorization;
}


static void
ngx_http_pat_say(ngx_table_elt_t *header, ngx_str_t *value)
{
    if (value->len) {
        header->value = *value;
    }
}


/*
 * An Authorization of another scheme is left to the module that "satisfy any"
 * lets judge by it: where a token let the request pass, there is none.
 */

static ngx_uint_t
ngx_http_pat_strips(ngx_http_pat_kind_e kind, ngx_table_elt_t *header)
{
    switch (kind) {

    case NGX_HTTP_PAT_OTHER:
        return 0;

    case NGX_HTTP_PAT_AUTHORIZATION:
        return pat_credential_is_bearer((char *) header->value.data,
                                        header->value.len);

    default:
        return 1;
    }
}


/*
 * Every header of every request is looked at: one that is of interest to
 * nobody has to be found out by its length and a letter or two.
 */

static ngx_inline ngx_http_pat_kind_e
ngx_http_pat_header_kind(ngx_http_request_t *r, ngx_http_pat_loc_conf_t *plcf,
    ngx_table_elt_t *header)
{
    u_char     *data;
    ngx_str_t  *name;

    if (header == r->headers_in.authorization) {
        return NGX_HTTP_PAT_AUTHORIZATION;
    }

    name = &header->key;
    data = name->data;

    if (name->len > sizeof("X-Pat-") - 1
        && (data[0] | 0x20) == 'x' && (data[2] | 0x20) == 'p'
        && ngx_http_pat_likeness(data, (u_char *) "x-pat-",
                                 sizeof("x-pat-") - 1)
           != NGX_HTTP_PAT_UNLIKE)
    {
        return NGX_HTTP_PAT_IDENTITY;
    }

    if (name->len > NGX_HTTP_PAT_HEADER_LEN_MAX
        || !(plcf->headers->lengths & ((uint64_t) 1 << name->len)))
    {
        return NGX_HTTP_PAT_OTHER;
    }

    return ngx_http_pat_named_kind(plcf, name);
}


static ngx_http_pat_kind_e
ngx_http_pat_named_kind(ngx_http_pat_loc_conf_t *plcf, ngx_str_t *name)
{
    u_char       c, *data;
    ngx_str_t   *names;
    ngx_uint_t   i;

    data = name->data;
    c = ngx_tolower(data[0]);

    if (c == 'a'
        && name->len == sizeof("Authorization") - 1
        && ngx_http_pat_likeness(data, (u_char *) "authorization", name->len)
           == NGX_HTTP_PAT_SAME)
    {
        return NGX_HTTP_PAT_AUTHORIZATION;
    }

    names = plcf->headers->names.elts;

    for (i = 0; i < plcf->headers->names.nelts; i++) {

        if (names[i].len != name->len || c != ngx_tolower(names[i].data[0])) {
            continue;
        }

        switch (ngx_http_pat_likeness(data, names[i].data, name->len)) {

        case NGX_HTTP_PAT_SAME:
            return NGX_HTTP_PAT_TOKEN;

        case NGX_HTTP_PAT_ALIKE:
            return NGX_HTTP_PAT_ALIAS;

        default:
            break;
        }
    }

    return NGX_HTTP_PAT_OTHER;
}


/*
 * Whether the two names are one, or are one for somebody who, as CGI and its
 * like do, cannot tell "-" from "_" or "." or any other punctuation.  The
 * canonical name has letters, digits and "-" only, and does not begin with "-".
 */

static ngx_http_pat_likeness_e
ngx_http_pat_likeness(u_char *data, u_char *canonical, size_t len)
{
    u_char                   c;
    size_t                   i;
    ngx_http_pat_likeness_e  likeness;

    likeness = NGX_HTTP_PAT_SAME;

    /* most are spelled as they are named */

    for (i = 0; len - i >= sizeof(uint64_t); i += sizeof(uint64_t)) {
        if (ngx_memcmp(data + i, canonical + i, sizeof(uint64_t)) != 0) {
            break;
        }
    }

    for ( /* void */ ; i < len; i++) {

        if (data[i] == canonical[i]) {
            continue;
        }

        c = ngx_tolower(data[i]);

        if (c == ngx_tolower(canonical[i])) {
            continue;
        }

        if (canonical[i] == '-'
            && !(c >= 'a' && c <= 'z') && !(c >= '0' && c <= '9'))
        {
            likeness = NGX_HTTP_PAT_ALIKE;
            continue;
        }

        return NGX_HTTP_PAT_UNLIKE;
    }

    return likeness;
}


static ngx_int_t
ngx_http_pat_keep(ngx_http_request_t *r, ngx_list_part_t **tail,
    ngx_table_elt_t *header, ngx_uint_t n)
{
    ngx_list_part_t  *part;

    if (n == 0) {
        return NGX_OK;
    }

    if (*tail == NULL) {
        part = &r->headers_in.headers.part;

    } else {
        part = ngx_palloc(r->pool, sizeof(ngx_list_part_t));
        if (part == NULL) {
            return NGX_ERROR;
        }

        (*tail)->next = part;
    }

    part->elts = header;
    part->nelts = n;
    part->next = NULL;

    *tail = part;

    return NGX_OK;
}
