/* SPDX-License-Identifier: Apache-2.0 */
#include "web/api_limits.h"

#include <string.h>

enum {
	PRODUCTS,
	NETWORKS,
	RATE,
	RESOURCES,
	N_FIELDS
};

enum {
	REQUESTS,
	WINDOW,
	N_RATE
};

enum {
	PRODUCT,
	PARAMETER,
	VALUE,
	PREFIX,
	N_RESOURCE
};

static int refuse(struct pat_call *call, const char *field, const char *detail)
{
	return pat_call_refuse_with(
		call, &(struct pat_call_refusal){ .reason = PAT_REASON_LIMIT_MALFORMED,
	                                          .field = field,
	                                          .detail = detail });
}

/* Adds the word of a limit. The one too many is kept too, so that the core says so. */
static void add(struct pat_api_limits *limits, const struct pat_limit *limit)
{
	if (limits->n == PAT_ARRAY_LEN(limits->words))
		return;
	pat_limit_format(limit, limits->texts[limits->n]);
	limits->words[limits->n] = limits->texts[limits->n];
	limits->n++;
}

static bool copy(char *to, size_t bytes, const char *text)
{
	size_t len = strlen(text);

	if (len >= bytes)
		return false;
	memcpy(to, text, len + 1); /* UNSAFE: checked above */
	return true;
}

static int read_products(struct pat_call *call, const json_t *list, struct pat_api_limits *limits)
{
	for (size_t i = 0; i < json_array_size(list); i++) {
		const char *name = json_string_value(json_array_get(list, i));
		struct pat_limit limit = { .kind = PAT_LIMIT_AUDIENCE };

		if (!pat_product_name_ok(name, strlen(name)) ||
		    !copy(limit.product, sizeof(limit.product), name))
			return refuse(call, "limits.products",
			              "This is not the name of a product.");
		add(limits, &limit);
	}
	return 0;
}

static int read_networks(struct pat_call *call, const json_t *list, struct pat_api_limits *limits)
{
	for (size_t i = 0; i < json_array_size(list); i++) {
		const char *text = json_string_value(json_array_get(list, i));
		struct pat_limit limit = { .kind = PAT_LIMIT_NETWORK };

		if (pat_network_parse(text, strlen(text), &limit.network) < 0)
			return refuse(
				call, "limits.networks",
				"A network is an address, or an address with the length of its "
				"prefix and nothing behind that: 192.0.2.7, 10.0.0.0/8, "
				"2001:db8::/32.");
		add(limits, &limit);
	}
	return 0;
}

static int read_rate(struct pat_call *call, json_t *object, struct pat_api_limits *limits)
{
	struct pat_json_field fields[N_RATE] = {
		[REQUESTS] = { .name = "requests", .type = PAT_JSON_INTEGER },
		[WINDOW] = { .name = "window_seconds", .type = PAT_JSON_INTEGER },
	};
	char fault[PAT_JSON_FIELD_BYTES_MAX + 1];

	if (pat_json_read(object, fields, N_RATE, fault) != 0)
		return refuse(call, "limits.rate",
		              "A rate has requests and window_seconds, two whole numbers.");
	if (fields[REQUESTS].number < 1 || fields[REQUESTS].number > PAT_LIMIT_REQUESTS_MAX ||
	    fields[WINDOW].number < 1 || fields[WINDOW].number > PAT_LIMIT_WINDOW_S_MAX)
		return refuse(call, "limits.rate",
		              "A rate is 1 to 1000000 requests in 1 to 86400 seconds.");
	add(limits, &(struct pat_limit){ .kind = PAT_LIMIT_RATE,
	                                 .requests = (uint32_t)fields[REQUESTS].number,
	                                 .window_s = (uint32_t)fields[WINDOW].number });
	return 0;
}

static int read_resource(struct pat_call *call, json_t *object, struct pat_api_limits *limits)
{
	struct pat_json_field fields[N_RESOURCE] = {
		[PRODUCT] = { .name = "product", .type = PAT_JSON_TEXT },
		[PARAMETER] = { .name = "parameter", .type = PAT_JSON_TEXT },
		[VALUE] = { .name = "value", .type = PAT_JSON_TEXT },
		[PREFIX] = { .name = "prefix", .type = PAT_JSON_BOOL, .flags = PAT_JSON_OPTIONAL },
	};
	struct pat_limit limit = { .kind = PAT_LIMIT_RESOURCE };
	struct pat_limit again;
	char fault[PAT_JSON_FIELD_BYTES_MAX + 1];
	char word[PAT_LIMIT_WORD_MAX];

	if (pat_json_read(object, fields, N_RESOURCE, fault) != 0)
		return refuse(
			call, "limits.resources",
			"A resource has product, parameter and value, three texts, and may have "
			"prefix, true or false.");
	limit.prefix = fields[PREFIX].flag;
	limit.value_len = fields[VALUE].len;
	if (!copy(limit.product, sizeof(limit.product), fields[PRODUCT].text) ||
	    !copy(limit.param, sizeof(limit.param), fields[PARAMETER].text) ||
	    limit.value_len > sizeof(limit.value))
		return refuse(
			call, "limits.resources",
			"A product's and a parameter's name have at most 64 characters, a value "
			"256 bytes.");
	memcpy(limit.value, fields[VALUE].text, limit.value_len); /* UNSAFE: checked above */
	pat_limit_format(&limit, word);
	if (pat_limit_parse(word, strlen(word), &again) != 0)
		return refuse(
			call, "limits.resources",
			"This can be no product's resource: look at the names, and at the value, "
			"which may not be empty.");
	add(limits, &limit);
	return 0;
}

static int read_resources(struct pat_call *call, const json_t *list, struct pat_api_limits *limits)
{
	for (size_t i = 0; i < json_array_size(list); i++) {
		int r = read_resource(call, json_array_get(list, i), limits);

		if (r != 0)
			return r;
	}
	return 0;
}

/* "limits.networks": which member of the object it is. */
static const char *member(const char *name)
{
	static const char *const members[] = { "limits.products", "limits.networks", "limits.rate",
		                               "limits.resources" };

	for (size_t i = 0; i < PAT_ARRAY_LEN(members); i++)
		if (strcmp(members[i] + strlen("limits."), name) == 0)
			return members[i];
	return "limits";
}

int pat_api_read_limits(struct pat_call *call, json_t *object, struct pat_api_limits *ret)
{
	struct pat_json_field fields[N_FIELDS] = {
		[PRODUCTS] = { .name = "products",
		               .type = PAT_JSON_TEXTS,
		               .flags = PAT_JSON_OPTIONAL },
		[NETWORKS] = { .name = "networks",
		               .type = PAT_JSON_TEXTS,
		               .flags = PAT_JSON_OPTIONAL },
		[RATE] = { .name = "rate",
		           .type = PAT_JSON_OBJECT,
		           .flags = PAT_JSON_OPTIONAL | PAT_JSON_NULLABLE },
		[RESOURCES] = { .name = "resources",
		                .type = PAT_JSON_OBJECTS,
		                .flags = PAT_JSON_OPTIONAL },
	};
	char fault[PAT_JSON_FIELD_BYTES_MAX + 1] = "";

	ret->n = 0;
	if (pat_json_read(object, fields, N_FIELDS, fault) != 0)
		return refuse(call, member(fault),
		              "Limits have products and networks (texts), rate, and resources.");
	int r = read_products(call, fields[PRODUCTS].list, ret);
	if (r == 0)
		r = read_networks(call, fields[NETWORKS].list, ret);
	if (r == 0 && fields[RATE].present && !fields[RATE].is_null)
		r = read_rate(call, fields[RATE].value, ret);
	return r == 0 ? read_resources(call, fields[RESOURCES].list, ret) : r;
}

/* ---- Writing. */

/* One kind of a text's limits, as a list. */
static void write_kind(struct pat_json_writer *w, const char *limits, enum pat_limit_kind kind,
                       void (*write)(struct pat_json_writer *w, const struct pat_limit *limit))
{
	struct pat_limit limit;

	while (pat_limits_next(&limits, &limit))
		if (limit.kind == kind)
			write(w, &limit);
}

static void write_product(struct pat_json_writer *w, const struct pat_limit *limit)
{
	pat_json_text(w, NULL, limit->product);
}

static void write_network(struct pat_json_writer *w, const struct pat_limit *limit)
{
	char text[PAT_NETWORK_TEXT_MAX];

	pat_network_format(&limit->network, text);
	pat_json_text(w, NULL, text);
}

static void write_rate(struct pat_json_writer *w, const struct pat_limit *limit)
{
	pat_json_open(w, "rate", '{');
	pat_json_number(w, "requests", limit->requests);
	pat_json_number(w, "window_seconds", limit->window_s);
	pat_json_close(w, '}');
}

static void write_resource(struct pat_json_writer *w, const struct pat_limit *limit)
{
	pat_json_open(w, NULL, '{');
	pat_json_text(w, "product", limit->product);
	pat_json_text(w, "parameter", limit->param);
	pat_json_text_n(w, "value", limit->value, limit->value_len);
	pat_json_bool(w, "prefix", limit->prefix);
	pat_json_close(w, '}');
}

void pat_api_write_limits(struct pat_json_writer *w, const char *limits)
{
	if (limits[0] == '\0') {
		pat_json_text(w, "limits", NULL);
		return;
	}
	pat_json_open(w, "limits", '{');
	pat_json_open(w, "products", '[');
	write_kind(w, limits, PAT_LIMIT_AUDIENCE, write_product);
	pat_json_close(w, ']');
	pat_json_open(w, "networks", '[');
	write_kind(w, limits, PAT_LIMIT_NETWORK, write_network);
	pat_json_close(w, ']');
	if (pat_limits_any(limits, PAT_LIMIT_RATE))
		write_kind(w, limits, PAT_LIMIT_RATE, write_rate);
	else
		pat_json_text(w, "rate", NULL);
	pat_json_open(w, "resources", '[');
	write_kind(w, limits, PAT_LIMIT_RESOURCE, write_resource);
	pat_json_close(w, ']');
	pat_json_close(w, '}');
}
