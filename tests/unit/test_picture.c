/* SPDX-License-Identifier: Apache-2.0
 *
 * Which bytes are a picture: each kind with its dimensions at and beyond the limits, cut at every byte, with something behind it,
 * under another kind's name; and what moves.
 */
#include "tests/unit/test.h"

#include "core/core.h"
#include "core/picture.h"

/* Bytes being put together. */
struct bytes {
	uint8_t at[512];
	size_t len;
};

static void add(struct bytes *b, const void *from, size_t len)
{
	assert_true(len <= sizeof(b->at) - b->len);
	memcpy(b->at + b->len, from, len);
	b->len += len;
}

static void add_big(struct bytes *b, uint32_t value, size_t bytes)
{
	while (bytes-- > 0)
		add(b, &(uint8_t){ (uint8_t)(value >> 8 * bytes) }, 1);
}

static void add_little(struct bytes *b, uint32_t value, size_t bytes)
{
	for (size_t i = 0; i < bytes; i++)
		add(b, &(uint8_t){ (uint8_t)(value >> 8 * i) }, 1);
}

static void png_chunk(struct bytes *b, const char *type, const struct bytes *inside)
{
	add_big(b, (uint32_t)inside->len, 4);
	add(b, type, 4);
	add(b, inside->at, inside->len);
	add_big(b, 0xdeadbeef, 4); /* the browser's to check */
}

static struct bytes png(uint32_t width, uint32_t height)
{
	struct bytes b = { 0 };
	struct bytes header = { 0 };

	add(&b, "\x89PNG\r\n\x1a\n", 8);
	add_big(&header, width, 4);
	add_big(&header, height, 4);
	add(&header, "\x08\x06\0\0\0", 5);
	png_chunk(&b, "IHDR", &header);
	png_chunk(&b, "tEXt", &(struct bytes){ .at = "a", .len = 1 });
	png_chunk(&b, "IDAT", &(struct bytes){ .at = "not deflated", .len = 12 });
	png_chunk(&b, "IEND", &(struct bytes){ 0 });
	return b;
}

static void jpeg_segment(struct bytes *b, uint8_t marker, const void *inside, size_t len)
{
	add(b, (uint8_t[]){ 0xff, marker }, 2);
	add_big(b, (uint32_t)len + 2, 2);
	add(b, inside, len);
}

static struct bytes jpeg_with(uint8_t frame, uint32_t width, uint32_t height)
{
	struct bytes b = { 0 };
	struct bytes size = { 0 };

	add(&b, "\xff\xd8", 2);
	jpeg_segment(&b, 0xe0, "JFIF\0\1\1\0\0\1\0\1\0\0", 14);
	jpeg_segment(&b, 0xfe, "a comment with \xff\xc0 in it", 20);
	add(&b, "\xff\xff", 2); /* fill */
	jpeg_segment(&b, 0xc4, "tables", 6);
	add_big(&size, 8, 1);
	add_big(&size, height, 2);
	add_big(&size, width, 2);
	add(&size, "\1\1\x11\0", 4);
	jpeg_segment(&b, frame, size.at, size.len);
	jpeg_segment(&b, 0xda, "\1\1\0\0\x3f\0", 6);
	add(&b, "entropy\xff\xd9", 9);
	return b;
}

static struct bytes jpeg(uint32_t width, uint32_t height)
{
	return jpeg_with(0xc0, width, height);
}

static struct bytes webp_with(const char *type, const struct bytes *inside)
{
	struct bytes b = { 0 };
	size_t padded = inside->len + inside->len % 2;

	add(&b, "RIFF", 4);
	add_little(&b, (uint32_t)(4 + 8 + padded), 4);
	add(&b, "WEBP", 4);
	add(&b, type, 4);
	add_little(&b, (uint32_t)inside->len, 4);
	add(&b, inside->at, inside->len);
	add(&b, "", padded - inside->len);
	return b;
}

static struct bytes webp_lossy(uint32_t width, uint32_t height)
{
	struct bytes inside = { 0 };

	add(&inside, "\x30\1\0\x9d\1\x2a", 6);
	add_little(&inside, width | 0x4000, 2); /* two bits of scaling */
	add_little(&inside, height, 2);
	add(&inside, "partitions", 10);
	return webp_with("VP8 ", &inside);
}

static struct bytes webp_lossless(uint32_t width, uint32_t height)
{
	struct bytes inside = { 0 };

	add(&inside, "\x2f", 1);
	add_little(&inside, ((width - 1) & 0x3fff) | ((height - 1) & 0x3fff) << 14 | 1u << 28, 4);
	add(&inside, "bits", 4);
	return webp_with("VP8L", &inside);
}

static struct bytes webp_extended(uint32_t width, uint32_t height)
{
	struct bytes inside = { 0 };

	add(&inside, "\x10\0\0\0", 4);
	add_little(&inside, width - 1, 3);
	add_little(&inside, height - 1, 3);
	return webp_with("VP8X", &inside);
}

static const struct {
	const char *name;
	enum pat_picture_kind kind;
	struct bytes (*make)(uint32_t width, uint32_t height);
} makers[] = {
	{ "png", PAT_PICTURE_PNG, png },
	{ "jpeg", PAT_PICTURE_JPEG, jpeg },
	{ "lossy webp", PAT_PICTURE_WEBP, webp_lossy },
	{ "lossless webp", PAT_PICTURE_WEBP, webp_lossless },
	{ "extended webp", PAT_PICTURE_WEBP, webp_extended },
};

static int check(size_t i, const struct bytes *b)
{
	return pat_picture_check(makers[i].kind, b->at, b->len);
}

static void a_picture_has_so_many_pixels(void **state)
{
	static const struct {
		uint32_t width;
		uint32_t height;
		int outcome;
	} cases[] = {
		{ 1, 1, 0 },
		{ 256, 256, 0 },
		{ 2048, 2048, 0 },
		{ 2049, 1, PAT_CORE_E_PICTURE_TOO_LARGE },
		{ 1, 2049, PAT_CORE_E_PICTURE_TOO_LARGE },
		{ 16383, 16383, PAT_CORE_E_PICTURE_TOO_LARGE },
	};

	(void)state;
	for (size_t i = 0; i < PAT_ARRAY_LEN(makers); i++) {
		for (size_t k = 0; k < PAT_ARRAY_LEN(cases); k++) {
			struct bytes b = makers[i].make(cases[k].width, cases[k].height);

			if (check(i, &b) != cases[k].outcome)
				fail_msg("%s of %u by %u", makers[i].name, cases[k].width,
				         cases[k].height);
		}
	}
	struct bytes none[] = { png(0, 1),        png(1, 0),        jpeg(0, 1),        jpeg(1, 0),
		                webp_lossy(0, 1), webp_lossy(1, 0), png(UINT32_MAX, 1) };
	for (size_t i = 0; i < PAT_ARRAY_LEN(none); i++)
		assert_int_not_equal(pat_picture_check(i < 2 || i == 6 ? PAT_PICTURE_PNG
		                                       : i < 4         ? PAT_PICTURE_JPEG
		                                                       : PAT_PICTURE_WEBP,
		                                       none[i].at, none[i].len),
		                     0);
}

/* In memory of exactly its length, so that sanitizers see a step too far. */
static int check_copy(enum pat_picture_kind kind, const uint8_t *bytes, size_t len)
{
	uint8_t *copy = malloc(len > 0 ? len : 1);

	assert_non_null(copy);
	memcpy(copy, bytes, len);
	int r = pat_picture_check(kind, copy, len);
	free(copy);
	return r;
}

static void a_picture_is_whole_and_alone(void **state)
{
	(void)state;
	for (size_t i = 0; i < PAT_ARRAY_LEN(makers); i++) {
		struct bytes b = makers[i].make(20, 30);

		for (size_t len = 0; len < b.len; len++)
			if (check_copy(makers[i].kind, b.at, len) != PAT_CORE_E_PICTURE_MALFORMED)
				fail_msg("%s cut to %zu of %zu", makers[i].name, len, b.len);
		struct bytes more = b;
		add(&more, "<script>alert(1)</script>", 25);
		assert_int_equal(check(i, &more), PAT_CORE_E_PICTURE_MALFORMED);
		for (int kind = PAT_PICTURE_NONE; kind <= PAT_PICTURE_WEBP; kind++)
			assert_int_equal(
				check_copy((enum pat_picture_kind)kind, b.at, b.len),
				kind == (int)makers[i].kind ? 0 : PAT_CORE_E_PICTURE_MALFORMED);
	}
}

/* Any byte changed to any value: judged, and never read beyond. */
static void a_damaged_picture_is_judged(void **state)
{
	(void)state;
	for (size_t i = 0; i < PAT_ARRAY_LEN(makers); i++) {
		struct bytes b = makers[i].make(20, 30);

		for (size_t at = 0; at < b.len; at++) {
			uint8_t was = b.at[at];

			for (unsigned value = 0; value < 256; value++) {
				b.at[at] = (uint8_t)value;
				int r = check_copy(makers[i].kind, b.at, b.len);
				assert_true(r == 0 || r == PAT_CORE_E_PICTURE_MALFORMED ||
				            r == PAT_CORE_E_PICTURE_TOO_LARGE ||
				            r == PAT_CORE_E_PICTURE_MOVES);
			}
			b.at[at] = was;
		}
		for (size_t at = 0; at < (i == 0 ? 16u : i == 1 ? 2u : 16u); at++) {
			b.at[at] ^= 0x20;
			assert_int_equal(check(i, &b), PAT_CORE_E_PICTURE_MALFORMED);
			b.at[at] ^= 0x20;
		}
	}
}

static void every_frame_of_jpeg_is_known(void **state)
{
	(void)state;
	for (unsigned marker = 0; marker < 256; marker++) {
		bool frame = marker >= 0xc0 && marker <= 0xcf && marker != 0xc4 && marker != 0xc8 &&
		             marker != 0xcc;
		struct bytes b = jpeg_with((uint8_t)marker, 2049, 1);

		assert_int_equal(pat_picture_check(PAT_PICTURE_JPEG, b.at, b.len),
		                 frame ? PAT_CORE_E_PICTURE_TOO_LARGE
		                       : PAT_CORE_E_PICTURE_MALFORMED);
	}
}

static void what_moves_is_refused(void **state)
{
	struct bytes animated = png(20, 30);
	struct bytes control = { .at = { 0, 0, 0, 2 }, .len = 8 };
	struct bytes b = { 0 };

	(void)state;
	add(&b, animated.at, 33); /* as far as the header goes */
	png_chunk(&b, "acTL", &control);
	add(&b, animated.at + 33, animated.len - 33);
	assert_int_equal(pat_picture_check(PAT_PICTURE_PNG, b.at, b.len), PAT_CORE_E_PICTURE_MOVES);

	animated = webp_extended(20, 30);
	animated.at[20] |= 0x02;
	assert_int_equal(pat_picture_check(PAT_PICTURE_WEBP, animated.at, animated.len),
	                 PAT_CORE_E_PICTURE_MOVES);
}

static void what_is_none_is_refused(void **state)
{
	static const char *const texts[] = {
		"",
		"<svg xmlns=\"http://www.w3.org/2000/svg\"><script>alert(1)</script></svg>",
		"<!doctype html><script>alert(1)</script>",
		"GIF89a\1\0\1\0",
		"BM",
		"RIFF\4\0\0\0WAVE",
		"\xff\xd8\xff\xd9",
		"\xff\xd8\xff\xff\xff\xff\xff\xd9",
	};

	(void)state;
	for (size_t i = 0; i < PAT_ARRAY_LEN(texts); i++)
		for (int kind = PAT_PICTURE_NONE; kind <= PAT_PICTURE_WEBP; kind++)
			assert_int_equal(pat_picture_check((enum pat_picture_kind)kind, texts[i],
			                                   strlen(texts[i])),
			                 PAT_CORE_E_PICTURE_MALFORMED);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_picture_has_so_many_pixels),
		cmocka_unit_test(a_picture_is_whole_and_alone),
		cmocka_unit_test(a_damaged_picture_is_judged),
		cmocka_unit_test(every_frame_of_jpeg_is_known),
		cmocka_unit_test(what_moves_is_refused),
		cmocka_unit_test(what_is_none_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
