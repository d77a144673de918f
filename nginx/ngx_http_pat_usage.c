
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * What a token is used for, told to patd: each allowed request is put into the
 * worker's usage ring, which is memory, and which patd empties every second.
 * Without a ring, or with a full one, nobody is told and nothing waits.
 */


#include "ngx_http_pat.h"
#include "index/ring.h"


static void ngx_http_pat_usage_needs(struct pat_ring_use *use,
    ngx_http_pat_loc_conf_t *plcf);


/* a worker's own */

static struct pat_ring  ngx_http_pat_ring;
static int              ngx_http_pat_ring_error;


void
ngx_http_pat_usage_add(ngx_http_request_t *r, ngx_http_pat_loc_conf_t *plcf,
    struct pat_ask *ask, struct pat_identity *id)
{
    ngx_table_elt_t      *agent;
    struct pat_ring_use  *use;

    use = pat_ring_place(&ngx_http_pat_ring);
    if (use == NULL) {
        return;
    }

    ngx_memzero(use, offsetof(struct pat_ring_use, agent));

    use->number = id->number;
    use->at_s = (uint32_t) ngx_time();

    if (ask->operation) {
        use->policies = ask->operation->product->generation;
        use->product = (uint8_t) ask->operation->product->number;
        use->op = ask->operation->match.op;
    }

    /* a token's questions about itself take no scope, others' may */

    if (ask->operation || plcf->needs || plcf->any) {
        use->flags = PAT_RING_JUDGED;
    }

    if (plcf->needs) {
        ngx_http_pat_usage_needs(use, plcf);
    }

    if (ask->from) {
        ngx_memcpy(use->address, ask->from->bytes, sizeof(use->address));
    }

    agent = r->headers_in.user_agent;

    if (agent) {
        use->agent_len = (uint8_t) ngx_min(agent->value.len,
                                           PAT_RING_AGENT_BYTES);
        ngx_memcpy(use->agent, agent->value.data, use->agent_len);
    }

    pat_ring_put(&ngx_http_pat_ring);
}


static void
ngx_http_pat_usage_needs(struct pat_ring_use *use,
    ngx_http_pat_loc_conf_t *plcf)
{
    size_t            k;
    ngx_uint_t        i;
    struct pat_need  *need;

    need = plcf->needs->elts;

    for (i = 0; i < plcf->needs->nelts; i++) {

        use->index = need[i].generation;

        for (k = 0; k < need[i].n; k++) {

            if (need[i].scopes[k].number < 0) {
                continue;
            }

            if (use->n_scopes == PAT_RING_SCOPES) {
                use->flags = 0;
                return;
            }

            use->scopes[use->n_scopes++] = (uint16_t) need[i].scopes[k].number;
        }
    }
}


void
ngx_http_pat_usage_refresh(ngx_str_t *index, ngx_log_t *log)
{
    int  error;

    error = pat_ring_refresh(&ngx_http_pat_ring, (char *) index->data);

    if (error == ngx_http_pat_ring_error) {
        return;
    }

    ngx_http_pat_ring_error = error;

    /* a patd that is not there is told of by who looks for the index */

    if (error && error != -ENOENT) {
        ngx_log_error(NGX_LOG_WARN, log, -error,
                      "pat: no usage ring in \"%V\" for this worker, what "
                      "tokens are used for is not recorded", index);
    }
}


void
ngx_http_pat_usage_exit(void)
{
    pat_ring_release(&ngx_http_pat_ring);
}
