/* SPDX-License-Identifier: Apache-2.0 */
#include "index/policies.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

/* ---- Reading. */

void pat_policies_done(struct pat_policies *p)
{
	free(p->scopes);
	if (p->base)
		(void)munmap(p->base, p->bytes);
	*p = (struct pat_policies){ 0 };
}

static int entry_open(struct pat_policies *p, const struct pat_policies_entry *e)
{
	struct pat_policies_product *product = &p->products[p->n];

	if (e->name_len == 0 || e->name_len > PAT_POLICY_NAME_MAX || e->at % 8 != 0 ||
	    e->at > p->bytes || e->bytes > p->bytes - e->at)
		return -EINVAL;
	int r = pat_policy_open(p->base + e->at, (size_t)e->bytes, &product->policy);
	if (r < 0)
		return r;
	product->generation =
		((const struct pat_policies_header *)(const void *)p->base)->generation;
	product->number = (uint32_t)p->n;
	product->name = e->name;
	product->name_len = e->name_len;
	product->flags = e->flags;
	p->n_scopes += pat_policy_scope_count(&product->policy);
	p->n++;
	return 0;
}

/* Room for what the scopes of each product are called in the index. */
static int scopes_make(struct pat_policies *p)
{
	size_t at = 0;

	p->scopes = calloc(p->n_scopes > 0 ? p->n_scopes : 1, sizeof(*p->scopes));
	if (!p->scopes)
		return -ENOMEM;
	for (size_t i = 0; i < p->n_scopes; i++)
		p->scopes[i] = -1;
	for (size_t i = 0; i < p->n; i++) {
		p->products[i].scopes = p->scopes + at;
		at += pat_policy_scope_count(&p->products[i].policy);
	}
	return 0;
}

static int map_file(struct pat_policies *p, const char *path)
{
	struct stat st;
	pat_cleanup(pat_closep) int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);

	if (fd < 0 || fstat(fd, &st) < 0)
		return -errno;
	if ((size_t)st.st_size < sizeof(struct pat_policies_header))
		return -EINVAL;
	void *map = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_SHARED, fd, 0);
	if (map == MAP_FAILED)
		return -errno;
	p->base = map;
	p->bytes = (size_t)st.st_size;
	return 0;
}

int pat_policies_open(struct pat_policies *p, const char *directory, uint64_t generation)
{
	char path[4200];

	pat_policies_done(p);
	(void)snprintf(path, sizeof(path), "%s/" PAT_POLICIES_FORMAT, directory,
	               (unsigned long long)generation);
	int r = map_file(p, path);
	if (r < 0)
		return r;
	const struct pat_policies_header *h = (const void *)p->base;
	if (h->magic != PAT_POLICIES_MAGIC || h->generation != generation ||
	    h->n > PAT_POLICIES_MAX)
		r = -EINVAL;
	for (uint64_t i = 0; r == 0 && i < h->n; i++)
		r = entry_open(p, &h->entries[i]);
	if (r == 0)
		r = scopes_make(p);
	if (r < 0) {
		pat_policies_done(p);
		return r;
	}
	p->incomplete = h->incomplete != 0;
	p->generation = generation;
	return 0;
}

const struct pat_policies_product *pat_policies_find(const struct pat_policies *p, const char *name,
                                                     size_t len)
{
	for (size_t i = 0; i < p->n; i++)
		if (p->products[i].name_len == len && memcmp(p->products[i].name, name, len) == 0)
			return &p->products[i];
	return NULL;
}

/* ---- Writing. */

static int write_all(int fd, const void *bytes, size_t len)
{
	const uint8_t *at = bytes;

	while (len > 0) {
		ssize_t n = write(fd, at, len);

		if (n < 0 && errno != EINTR)
			return -errno;
		if (n > 0) {
			at += n;
			len -= (size_t)n;
		}
	}
	return 0;
}

static int header_make(uint64_t generation, const struct pat_policies_source *sources, size_t n,
                       bool incomplete, struct pat_policies_header *ret)
{
	uint64_t at = sizeof(*ret);

	if (n > PAT_POLICIES_MAX)
		return -EINVAL;
	*ret = (struct pat_policies_header){ .magic = PAT_POLICIES_MAGIC,
		                             .generation = generation,
		                             .n = (uint32_t)n,
		                             .incomplete = incomplete };
	for (size_t i = 0; i < n; i++) {
		struct pat_policies_entry *e = &ret->entries[i];
		size_t name_len = strlen(sources[i].name);

		if (name_len == 0 || name_len > PAT_POLICY_NAME_MAX || sources[i].len % 8 != 0)
			return -EINVAL;
		memcpy(e->name, sources[i].name, name_len); /* UNSAFE: checked above */
		e->name_len = (uint32_t)name_len;
		e->flags = sources[i].flags;
		e->at = at;
		e->bytes = sources[i].len;
		at += sources[i].len;
	}
	return 0;
}

int pat_policies_write(int directory_fd, uint64_t generation,
                       const struct pat_policies_source *sources, size_t n, bool incomplete,
                       gid_t group)
{
	struct pat_policies_header header;
	char name[64];

	int r = header_make(generation, sources, n, incomplete, &header);
	if (r < 0)
		return r;
	(void)snprintf(name, sizeof(name), PAT_POLICIES_FORMAT, (unsigned long long)generation);
	pat_cleanup(pat_closep) int fd = openat(
		directory_fd, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0)
		return -errno;
	if (group != (gid_t)-1 && fchown(fd, (uid_t)-1, group) < 0)
		r = -errno;
	if (r == 0)
		r = write_all(fd, &header, sizeof(header));
	for (size_t i = 0; i < n && r == 0; i++)
		r = write_all(fd, sources[i].bytes, sources[i].len);
	if (r == 0 && fchmod(fd, 0640) < 0)
		r = -errno;
	if (r < 0)
		(void)unlinkat(directory_fd, name, 0);
	return r;
}
