
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Which request is judged, and where it comes from: the one that is here, or
 * the one that a proxy asks about.  A proxy is believed when its address is
 * one of "pat_trusted_proxies"; of anybody else such headers say nothing.
 */


#include "ngx_http_pat.h"


static ngx_uint_t ngx_http_pat_trusted(ngx_http_request_t *r,
    ngx_http_pat_loc_conf_t *plcf);
static ngx_uint_t ngx_http_pat_forwarded(ngx_http_request_t *r,
    ngx_str_t *method, ngx_str_t *target);
static ngx_uint_t ngx_http_pat_named(ngx_str_t *target, ngx_str_t *product);
static ngx_uint_t ngx_http_pat_address(struct sockaddr *sockaddr,
    struct pat_address *address);


PAT_APART enum pat_verdict
ngx_http_pat_asked(ngx_http_request_t *r, ngx_http_pat_loc_conf_t *plcf,
    struct pat_verifier *verifier, struct pat_operation *operation,
    ngx_str_t *product)
{
    size_t                     len;
    ngx_str_t                  method, target;
    ngx_http_core_loc_conf_t  *clcf;

    method = r->method_name;
    target = r->unparsed_uri;
    *product = plcf->product;

    operation->match.methods = 0;

    if (plcf->verify == NGX_HTTP_PAT_REQUEST_LINE || plcf->named) {

        /* the prefix ends in a slash, which begins what is asked about */

        clcf = ngx_http_get_module_loc_conf(r, ngx_http_core_module);
        len = clcf->name.len - 1;

        if (target.len <= len
            || ngx_strncmp(target.data, clcf->name.data, len) != 0)
        {
            return PAT_VERDICT_PATH;
        }

        target.data += len;
        target.len -= len;

        if (plcf->named && !ngx_http_pat_named(&target, product)) {
            return PAT_VERDICT_ROUTE;
        }
    }

    if (plcf->verify == NGX_HTTP_PAT_FORWARDED
        && ngx_http_pat_trusted(r, plcf)
        && !ngx_http_pat_forwarded(r, &method, &target))
    {
        return PAT_VERDICT_PATH;
    }

    return pat_verify_operation(verifier,
                                (char *) product->data, product->len,
                                (char *) method.data, method.len,
                                (char *) target.data, target.len, operation);
}


/*
 * Takes a product's name off the beginning of the target.
 */

static ngx_uint_t
ngx_http_pat_named(ngx_str_t *target, ngx_str_t *product)
{
    size_t  len;

    target->data++;
    target->len--;

    for (len = 0; len < target->len; len++) {
        if (target->data[len] == '/' || target->data[len] == '?') {
            break;
        }
    }

    product->data = target->data;
    product->len = len;

    target->data += len;
    target->len -= len;

    return pat_product_name_ok((char *) product->data, product->len);
}


/*
 * ingress-nginx has names of its own, and an address instead of a target.
 * What is said twice is not believed at all, nor what is said in both ways: a
 * proxy writes over what its client said in the one way it knows, and hands on
 * the other.
 */

static ngx_uint_t
ngx_http_pat_forwarded(ngx_http_request_t *r, ngx_str_t *method,
    ngx_str_t *target)
{
    u_char               *p, *last;
    ngx_http_pat_said_t   said_method, said_uri, original_method, said_url;

    ngx_http_pat_said(r, "x-forwarded-method", &said_method);
    ngx_http_pat_said(r, "x-forwarded-uri", &said_uri);
    ngx_http_pat_said(r, "x-original-method", &original_method);
    ngx_http_pat_said(r, "x-original-url", &said_url);

    if (original_method.times || said_url.times) {

        if (said_method.times || said_uri.times) {
            return 0;
        }

        said_method = original_method;

        p = said_url.value.data;
        last = p + said_url.value.len;

        if (said_url.times && said_url.value.len && p[0] != '/') {
            p = ngx_strlcasestrn(p, last, (u_char *) "://", 3 - 1);
            p = p ? ngx_strlchr(p + 3, last, '/') : NULL;

            if (p == NULL) {
                return 0;
            }
        }

        said_uri.value.data = p;
        said_uri.value.len = p ? (size_t) (last - p) : 0;
        said_uri.times = said_url.times;
    }

    if (said_method.times != 1 || said_uri.times != 1) {
        return 0;
    }

    *method = said_method.value;
    *target = said_uri.value;

    return 1;
}


void
ngx_http_pat_said(ngx_http_request_t *r, char *lowcase,
    ngx_http_pat_said_t *said)
{
    size_t            len;
    ngx_uint_t        i;
    ngx_list_part_t  *part;
    ngx_table_elt_t  *header;

    len = ngx_strlen(lowcase);
    ngx_memzero(said, sizeof(ngx_http_pat_said_t));

    part = &r->headers_in.headers.part;
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

        if (header[i].key.len == len
            && ngx_strncasecmp(header[i].key.data, (u_char *) lowcase, len)
               == 0)
        {
            said->value = header[i].value;
            said->times++;
        }
    }
}


static ngx_uint_t
ngx_http_pat_trusted(ngx_http_request_t *r, ngx_http_pat_loc_conf_t *plcf)
{
    return plcf->proxies
           && ngx_cidr_match(r->connection->sockaddr, plcf->proxies) == NGX_OK;
}


struct pat_address *
ngx_http_pat_from(ngx_http_request_t *r, ngx_http_pat_loc_conf_t *plcf,
    struct pat_address *address)
{
    ngx_addr_t    addr;
    ngx_array_t  *xff;

    addr.sockaddr = r->connection->sockaddr;
    addr.socklen = r->connection->socklen;

    if (ngx_http_pat_trusted(r, plcf)) {
        xff = &r->headers_in.x_forwarded_for;

        /* a proxy that asks for somebody and does not say for whom */

        if (xff->nelts == 0 && plcf->verify) {
            return NULL;
        }

        if (xff->nelts
            && ngx_http_get_forwarded_addr(r, &addr, xff, NULL, plcf->proxies,
                                           1)
               == NGX_DECLINED)
        {
            return NULL;
        }
    }

    return ngx_http_pat_address(addr.sockaddr, address) ? address : NULL;
}


static ngx_uint_t
ngx_http_pat_address(struct sockaddr *sockaddr, struct pat_address *address)
{
    struct sockaddr_in   *sin;
    struct sockaddr_in6  *sin6;

    switch (sockaddr->sa_family) {

    case AF_INET:
        sin = (struct sockaddr_in *) sockaddr;

        ngx_memzero(address->bytes, 10);
        ngx_memset(address->bytes + 10, 0xff, 2);
        ngx_memcpy(address->bytes + 12, &sin->sin_addr, 4);
        return 1;

    case AF_INET6:
        sin6 = (struct sockaddr_in6 *) sockaddr;

        ngx_memcpy(address->bytes, &sin6->sin6_addr, 16);
        return 1;

    default:
        return 0;
    }
}
