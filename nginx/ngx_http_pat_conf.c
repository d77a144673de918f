
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Directives: what may stand in a configuration, and what an operator is told
 * of what may not.
 */


#include "ngx_http_pat.h"


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
static char *ngx_http_pat_product(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);
static char *ngx_http_pat_trusted_proxies(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);
static char *ngx_http_pat_verify(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);


static ngx_conf_enum_t  ngx_http_pat_enable[] = {
    { ngx_string("off"), NGX_HTTP_PAT_OFF },
    { ngx_string("on"), NGX_HTTP_PAT_ON },
    { ngx_string("optional"), NGX_HTTP_PAT_OPTIONAL },
    { ngx_null_string, 0 }
};


ngx_command_t  ngx_http_pat_commands[] = {

    { ngx_string("pat"),
      NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_HTTP_LOC_CONF
                        |NGX_HTTP_LMT_CONF|NGX_CONF_TAKE1,
      ngx_conf_set_enum_slot,
      NGX_HTTP_LOC_CONF_OFFSET,
      offsetof(ngx_http_pat_loc_conf_t, enable),
      ngx_http_pat_enable },

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

    { ngx_string("pat_product"),
      NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_HTTP_LOC_CONF|NGX_CONF_TAKE1,
      ngx_http_pat_product,
      NGX_HTTP_LOC_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("pat_policy"),
      NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_HTTP_LOC_CONF|NGX_CONF_TAKE1,
      ngx_http_pat_product,
      NGX_HTTP_LOC_CONF_OFFSET,
      1,
      NULL },

    { ngx_string("pat_trusted_proxies"),
      NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_HTTP_LOC_CONF|NGX_CONF_1MORE,
      ngx_http_pat_trusted_proxies,
      NGX_HTTP_LOC_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("pat_verify"),
      NGX_HTTP_LOC_CONF|NGX_CONF_NOARGS|NGX_CONF_TAKE1,
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


/*
 * "pat_policy" names the product as "pat_product" does, and has its operations
 * judged.
 */

static char *
ngx_http_pat_product(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_http_pat_loc_conf_t *plcf = conf;

    ngx_str_t  *value;

    if (plcf->product.data) {
        return "is duplicate: a location has one product";
    }

    value = cf->args->elts;

    plcf->named = (cmd->offset && ngx_strcmp(value[1].data, "*") == 0);
    plcf->any = (!cmd->offset && ngx_strcmp(value[1].data, "*") == 0);

    if (!plcf->named && !plcf->any
        && !pat_product_name_ok((char *) value[1].data, value[1].len))
    {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "invalid product \"%V\": a lower case letter, then "
                           "those, digits and \"-\", 64 at most", &value[1]);
        return NGX_CONF_ERROR;
    }

    plcf->product = value[1];
    plcf->policy = cmd->offset;

    return NGX_CONF_OK;
}


static char *
ngx_http_pat_trusted_proxies(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_http_pat_loc_conf_t *plcf = conf;

    ngx_int_t    rc;
    ngx_str_t   *value;
    ngx_uint_t   i;
    ngx_cidr_t  *cidr;

    if (plcf->proxies == NGX_CONF_UNSET_PTR) {
        plcf->proxies = ngx_array_create(cf->pool, 2, sizeof(ngx_cidr_t));
        if (plcf->proxies == NULL) {
            return NGX_CONF_ERROR;
        }
    }

    value = cf->args->elts;

    for (i = 1; i < cf->args->nelts; i++) {

        cidr = ngx_array_push(plcf->proxies);
        if (cidr == NULL) {
            return NGX_CONF_ERROR;
        }

        ngx_memzero(cidr, sizeof(ngx_cidr_t));

        if (ngx_strcmp(value[i].data, "unix:") == 0) {
            cidr->family = AF_UNIX;
            continue;
        }

        rc = ngx_ptocidr(&value[i], cidr);

        if (rc == NGX_ERROR) {
            ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                               "invalid network \"%V\"", &value[i]);
            return NGX_CONF_ERROR;
        }

        if (rc == NGX_DONE) {
            ngx_conf_log_error(NGX_LOG_WARN, cf, 0,
                               "low address bits of %V are meaningless",
                               &value[i]);
        }
    }

    return NGX_CONF_OK;
}


static char *
ngx_http_pat_verify(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_http_pat_loc_conf_t *plcf = conf;

    ngx_str_t                 *value;
    ngx_http_core_loc_conf_t  *clcf;

    if (plcf->verify != NGX_CONF_UNSET_UINT) {
        return "is duplicate";
    }

    value = cf->args->elts;

    if (cf->args->nelts == 1) {
        plcf->verify = NGX_HTTP_PAT_FORWARDED;

    } else if (ngx_strcmp(value[1].data, "path") == 0) {
        plcf->verify = NGX_HTTP_PAT_REQUEST_LINE;

    } else {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "invalid parameter \"%V\": \"pat_verify\" takes "
                           "\"path\" or nothing", &value[1]);
        return NGX_CONF_ERROR;
    }

    clcf = ngx_http_conf_get_module_loc_conf(cf, ngx_http_core_module);
    clcf->handler = ngx_http_pat_verify_handler;

    return NGX_CONF_OK;
}


void *
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


void *
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
     *     plcf->product = { 0, NULL };
     */

    plcf->enable = NGX_CONF_UNSET_UINT;
    plcf->verify = NGX_CONF_UNSET_UINT;
    plcf->policy = NGX_CONF_UNSET;
    plcf->named = NGX_CONF_UNSET;
    plcf->any = NGX_CONF_UNSET;
    plcf->proxies = NGX_CONF_UNSET_PTR;
    plcf->cors = NGX_CONF_UNSET;
    plcf->needs = NGX_CONF_UNSET_PTR;
    plcf->headers = NGX_CONF_UNSET_PTR;

    return plcf;
}


char *
ngx_http_pat_merge_loc_conf(ngx_conf_t *cf, void *parent, void *child)
{
    ngx_http_pat_loc_conf_t *prev = parent;
    ngx_http_pat_loc_conf_t *conf = child;

    ngx_http_core_loc_conf_t  *clcf;
    ngx_http_pat_main_conf_t  *pmcf;

    pmcf = ngx_http_conf_get_module_main_conf(cf, ngx_http_pat_module);
    clcf = ngx_http_conf_get_module_loc_conf(cf, ngx_http_core_module);

    /* a content handler is not inherited, but by "if" and "limit_except" */

    if (conf->verify == NGX_CONF_UNSET_UINT) {
        conf->verify = 0;

        if (clcf->noname && prev->verify != NGX_CONF_UNSET_UINT
            && prev->verify && clcf->handler == NULL)
        {
            conf->verify = prev->verify;
            clcf->handler = ngx_http_pat_verify_handler;
        }
    }

    if (conf->verify && conf->enable != NGX_CONF_UNSET_UINT
        && conf->enable != NGX_HTTP_PAT_OFF)
    {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "\"pat_verify\" and \"pat %s\" in location \"%V\": "
                           "\"pat_verify\" judges tokens itself",
                           conf->enable == NGX_HTTP_PAT_ON ? "on" : "optional",
                           &clcf->name);
        return NGX_CONF_ERROR;
    }

    if (conf->verify && clcf->handler != ngx_http_pat_verify_handler) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "\"pat_verify\" in location \"%V\" that something "
                           "else answers", &clcf->name);
        return NGX_CONF_ERROR;
    }

    if (conf->named == 1 && !conf->verify) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "\"pat_policy *\" in location \"%V\": only "
                           "\"pat_verify\" is asked about several products",
                           &clcf->name);
        return NGX_CONF_ERROR;
    }

    if ((conf->verify == NGX_HTTP_PAT_REQUEST_LINE || conf->named == 1)
        && (clcf->noname || clcf->named || clcf->exact_match
#if (NGX_PCRE)
            || clcf->regex
#endif
            || clcf->name.len == 0
            || clcf->name.data[clcf->name.len - 1] != '/'))
    {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "\"pat_verify path\" or \"pat_policy *\" in location "
                           "\"%V\": what is asked about follows a prefix that "
                           "ends in \"/\"",
                           &clcf->name);
        return NGX_CONF_ERROR;
    }

    if (conf->verify) {

        /* a body is not read here, so none is too large */

        clcf->client_max_body_size = 0;
    }

    ngx_conf_merge_uint_value(conf->enable, prev->enable,
                              NGX_HTTP_PAT_OFF);
    ngx_conf_merge_value(conf->cors, prev->cors, 0);
    ngx_conf_merge_ptr_value(conf->needs, prev->needs, NULL);
    ngx_conf_merge_ptr_value(conf->headers, prev->headers, pmcf->headers);
    ngx_conf_merge_ptr_value(conf->proxies, prev->proxies, NULL);
    ngx_conf_merge_value(conf->policy, prev->policy, 0);
    ngx_conf_merge_value(conf->named, prev->named, 0);
    ngx_conf_merge_value(conf->any, prev->any, 0);
    ngx_conf_merge_str_value(conf->product, prev->product, "");
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
