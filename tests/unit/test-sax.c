/* SPDX-License-Identifier: MIT */
#include "check.h"

#include <stdio.h>
#include <stdlib.h>

#include "ews/charfilter.h"
#include "ews/sax.h"

#define FFFD "\xef\xbf\xbd"

/* --- charfilter --- */

static enum err collect(void *ctx, const char *bytes, size_t n)
{
	assert_true(n > 0);
	return buf_append(ctx, bytes, n);
}

static void filter(const char *text, size_t n, size_t cut, struct buf *ret)
{
	struct charfilter f = { 0 };

	for (size_t at = 0; at < n; at += cut) {
		size_t some = n - at < cut ? n - at : cut;
		AUTO(str) char *piece = malloc(some);
		memcpy(piece, text + at, some);
		check_ok(charfilter_feed(&f, piece, some, collect, ret));
	}
	check_ok(charfilter_finish(&f, collect, ret));
}

static const struct {
	const char *in, *out;
	size_t n; /* of in; 0: strlen */
} characters[] = {
	{ "plain <a b='c'>text</a>\r\n\t", "plain <a b='c'>text</a>\r\n\t" },
	{ "a&#x1F;b", "a" FFFD "b" },
	{ "a&#x1f;b", "a" FFFD "b" },
	{ "a&#31;b&#0;c&#00000;d&#x0;e", "a" FFFD "b" FFFD "c" FFFD "d" FFFD "e" },
	{ "&#xFFFE;&#xffff;&#65534;&#65535;", FFFD FFFD FFFD FFFD },
	{ "&#xD800;&#xDFFF;&#x110000;&#99999999999;", FFFD FFFD FFFD FFFD },
	{ "&#9;&#xA;&#xd;&#32;&#x10FFFF;&#xE000;", "&#9;&#xA;&#xd;&#32;&#x10FFFF;&#xE000;" },
	{ "&amp;&lt;&#38;&quot;", "&amp;&lt;&#38;&quot;" },
	{ "a & b && &# &#xZ; &#12 ; &", "a & b && &# &#xZ; &#12 ; &" },
	{ "&#;&#x;", FFFD FFFD },
	{ "&#x1&#x2;&#", "&#x1" FFFD "&#" },
	{ "a\x01"
	  "b\x1f"
	  "c\x7f"
	  "d",
	  "a" FFFD "b" FFFD "c\x7f"
	  "d" },
	{ "a\0b", "a" FFFD "b", 3 },
	{ "Grüße \xe2\x82\xac \xf0\x9f\x98\x80", "Grüße \xe2\x82\xac \xf0\x9f\x98\x80" },
	{ "\xef\xbf\xbe|\xef\xbf\xbf|\xef\xbf\xbd", FFFD "|" FFFD "|" FFFD },
	{ "a\x80"
	  "b\xff"
	  "c\xc0\xaf"
	  "d",
	  "a" FFFD "b" FFFD "c" FFFD FFFD "d" },
	{ "a\xe2\x82"
	  "b\xf0\x9f\x98"
	  "c\xc3",
	  "a" FFFD "b" FFFD "c\xc3" },
	{ "\xed\xa0\x80|\xe0\x80\x80|\xf4\x90\x80\x80", FFFD "|" FFFD "|" FFFD },
	{ "\xef\xbb\xbf<a/>", "<a/>" },
	{ "\xef\xbb\xbf\r\n <a/>", "<a/>" },
	{ "\r\n\xef\xbb\xbf<a>\xef\xbb\xbf</a>", "<a>\xef\xbb\xbf</a>" },
	{ "\xef\xbf\xbf<a/>", FFFD "<a/>" },
};

static void test_what_xml_forbids_becomes_one_replacement_wherever_it_is_cut(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(characters); i++) {
		size_t n = characters[i].n ? characters[i].n : strlen(characters[i].in);
		for (size_t cut = 1; cut <= n; cut++) {
			AUTO(buf) struct buf out = { 0 };
			filter(characters[i].in, n, cut, &out);
			assert_string_equal(buf_str(&out), characters[i].out);
		}
	}
}

static void test_no_byte_hides_among_plain_ones(void **state)
{
	char text[24];
	(void)state;

	for (int byte = 0; byte < 256; byte++) {
		for (size_t at = 0; at < sizeof(text); at++) {
			AUTO(buf) struct buf whole = { 0 }, by_one = { 0 };
			memset(text, 'x', sizeof(text));
			text[at] = (char)byte;
			text[sizeof(text) - 1] = ';';
			filter(text, sizeof(text), sizeof(text), &whole);
			filter(text, sizeof(text), 1, &by_one);
			assert_int_equal(whole.len, by_one.len);
			assert_memory_equal(whole.bytes, by_one.bytes, whole.len);
		}
	}
}

static void test_a_reference_without_end_is_bounded(void **state)
{
	AUTO(buf) struct buf in = { 0 };
	(void)state;

	check_ok(buf_append_str(&in, "&#x"));
	for (int i = 0; i < 1000; i++)
		check_ok(buf_append_char(&in, '0'));
	check_ok(buf_append_str(&in, "1F;"));
	for (size_t cut = 1; cut <= in.len; cut += 97) {
		AUTO(buf) struct buf out = { 0 };
		filter(in.bytes, in.len, cut, &out);
		assert_string_equal(buf_str(&out), in.bytes); /* for the parser to refuse */
	}
}

/* --- sax --- */

static enum err note_open(void *ctx, const struct sax *sax)
{
	AUTO(str) char *id = NULL;
	enum err err = sax_copy_attr(sax, "Id", 8, &id);

	if (!err)
		err = buf_printf(ctx, "<%s %s>", sax_name(sax), id ? id : "-");
	return err;
}

static enum err note_text(void *ctx, const struct sax *sax, const char *text, size_t n)
{
	assert_int_equal(strlen(text), n);
	return buf_printf(ctx, "%s=%s;", sax_name(sax), text);
}

static enum err note_close(void *ctx, const struct sax *sax)
{
	return buf_printf(ctx, "</%s>", sax_name(sax));
}

static enum err note_piece(void *ctx, const char *bytes, size_t n)
{
	return buf_append(ctx, bytes, n);
}

static enum err note_over(void *ctx, const struct sax *sax)
{
	return buf_printf(ctx, "%s is over;", sax_name(sax));
}

static enum err note_field(void *ctx, const struct sax *sax, const char *text, size_t n)
{
	enum err err = sax_print_path(sax, 2, ctx);

	return err ? err : buf_printf(ctx, "=%.*s;", (int)n, text);
}

#define M "http://schemas.microsoft.com/exchange/services/2006/messages"
#define T "http://schemas.microsoft.com/exchange/services/2006/types"

/* clang-format off */
static const struct sax_rule rules[] = {
	{ "m:Root",              .open = note_open, .close = note_close },
	{ "m:Root/t:Text",       .text = note_text, .cap = 8 },
	{ "m:Root/t:Kind",       .text = note_text, .cap = 8, .over = note_over },
	{ "m:Root/t:Piece",      .open = note_open, .piece = note_piece, .close = note_close },
	{ "m:Root/Any",          .text = note_text, .cap = 8 },
	{ "m:Root/t:B/t:Deep",   .close = note_close },
	{ "m:Root/*/t:Deep",     .open = note_open },
	{ "m:Root/t:Fields/t:Own", .open = note_open },
	{ "m:Root/t:Fields/**",  .text = note_field, .cap = 64 },
	{ "m:Root/t:Fields/t:Late", .open = note_open },
	{ 0 }
};
/* clang-format on */

static enum err parse_cut(const char *text, size_t cut, struct buf *out)
{
	const struct sax_table table = { rules, 0, out };
	AUTO(sax) struct sax *sax = NULL;
	size_t n = strlen(text);
	enum err err = ERR_OK;

	check_ok(sax_new(&table, 1, &sax));
	for (size_t at = 0; !err && at < n; at += cut)
		err = sax_feed(sax, text + at, n - at < cut ? n - at : cut);
	return err ? err : sax_finish(sax);
}

#define ROOT(inner) "<x:Root xmlns:x='" M "' xmlns:y='" T "'>" inner "</x:Root>"

static const struct {
	const char *in, *out;
	enum err err;
} documents[] = {
	{ ROOT("<y:Text>a&amp;b</y:Text>"), "<Root ->Text=a&b;</Root>", ERR_OK },
	{ "<Root xmlns='" M "'><Text xmlns='" T "'>a</Text></Root>", "<Root ->Text=a;</Root>",
	  ERR_OK },
	{ "<?xml version='1.0' encoding='iso-8859-1'?>" ROOT("<y:Text>ü&#x1F;</y:Text>"),
	  "<Root ->Text=ü" FFFD ";</Root>", ERR_OK },
	/* The namespace counts, not the prefix. */
	{ ROOT("<x:Text>a</x:Text><z:Text xmlns:z='urn:other'>b</z:Text><Text>c</Text>"),
	  "<Root -></Root>", ERR_OK },
	{ ROOT("<x:Any>a</x:Any><y:Any>b</y:Any><Any>c</Any>"), "<Root ->Any=a;Any=b;Any=c;</Root>",
	  ERR_OK },
	/* Caps, at the cap and one above. */
	{ ROOT("<y:Text>12345678</y:Text>"), "<Root ->Text=12345678;</Root>", ERR_OK },
	{ ROOT("<y:Text>123456789</y:Text>"), "<Root ->", ERR_LIMIT },
	{ ROOT("<y:Kind>123456789</y:Kind>"), "<Root ->Kind is over;</Root>", ERR_OK },
	{ ROOT("<y:Text><![CDATA[1<2]]></y:Text>"), "<Root ->Text=1<2;</Root>", ERR_OK },
	{ ROOT("<y:Text/>"), "<Root ->Text=;</Root>", ERR_OK },
	{ ROOT("<y:Text>a<y:Inner/>b</y:Text>"), "<Root -></Root>", ERR_OK },
	{ ROOT("<y:Piece Id='p'>ab&#99;<![CDATA[d]]>e<!-- no -->f</y:Piece>"),
	  "<Root -><Piece p>abcdef</Piece></Root>", ERR_OK },
	{ ROOT("<y:A><y:Deep Id='a&amp;b'/></y:A><y:Deep/><y:A><y:A><y:Deep/></y:A></y:A>"),
	  "<Root -><Deep a&b></Root>", ERR_OK },
	{ ROOT("<y:A><y:Deep Id='123456789'/></y:A>"), "<Root ->", ERR_LIMIT },
	{ ROOT("<y:Fields><y:F>1</y:F><y:G><y:H Key='k'>2</y:H><y:H "
	       "Key='l'><y:I>3</y:I></y:H></y:G></y:Fields>"),
	  "<Root ->F=1;G/H[k]=2;G/H[l]/I=3;</Root>", ERR_OK },
	{ ROOT("<y:B><y:Deep/></y:B><y:A><y:Deep/></y:A>"), "<Root -></Deep><Deep -></Root>",
	  ERR_OK },
	{ ROOT("<y:Fields>1</y:Fields>"), "<Root -></Root>", ERR_OK },
	/* The first rule wins. */
	{ ROOT("<y:Fields><y:Own>1</y:Own><y:Late>2</y:Late></y:Fields>"),
	  "<Root -><Own ->Late=2;</Root>", ERR_OK },
	{ ROOT("") " \r\n<!-- fine -->\n", "<Root -></Root>", ERR_OK },
	/* No XML, not all of it, or more than that. */
	{ "", "", ERR_PROTOCOL },
	{ "Service Unavailable", "", ERR_NOT_EWS },
	{ "<x:Root xmlns:x='" M "'>", "<Root ->", ERR_PROTOCOL },
	{ ROOT("<y:Text>a</y:Tex>"), "<Root ->", ERR_PROTOCOL },
	{ ROOT("&undefined;"), "<Root ->", ERR_PROTOCOL },
	{ ROOT("") ROOT(""), "<Root -></Root>", ERR_STALE_REPLY },
	{ ROOT("") "surplus", "<Root -></Root>", ERR_STALE_REPLY },
	/* A document type is refused, and so are entities. */
	{ "<!DOCTYPE html><html/>", "", ERR_NOT_EWS },
	{ "<!DOCTYPE Root [<!ENTITY e 'x'>]>" ROOT("&e;"), "", ERR_PROTOCOL },
	{ "<!DOCTYPE Root SYSTEM 'file:///etc/passwd'>" ROOT(""), "", ERR_PROTOCOL },
};

static void test_a_document_reads_the_same_wherever_it_is_cut(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(documents); i++) {
		for (size_t cut = 1; cut <= strlen(documents[i].in) + 1; cut++) {
			AUTO(buf) struct buf out = { 0 };
			enum err err = parse_cut(documents[i].in, cut, &out);
			if (err != documents[i].err || strcmp(buf_str(&out), documents[i].out) != 0)
				fail_msg("%s, cut at %zu: %s, %s", documents[i].in, cut,
					 err_text(err), buf_str(&out));
		}
	}
}

#define X100 \
	"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx" \
	"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
#define LONG X100 X100 X100 X100 X100 X100 X100 X100 X100

/* What goes past the parser is, where it is sound, what would have come through it. */
static void test_a_long_text_reads_the_same_wherever_it_is_cut(void **state)
{
	static const char in[] = ROOT(
		"<y:Text>a</y:Text><y:Piece Id='p'>" LONG ">>" LONG "&amp;" LONG "<!-- " LONG
		" --><![CDATA[<]]>" LONG "</y:Piece><y:Kind>" LONG "</y:Kind>"
		"<y:A>" LONG "<y:Deep/>" LONG "</y:A><y:Piece>" LONG "</y:Piece>"
		"<y:A x='a>" LONG "'/><?p a>" LONG "?><y:Piece><![CDATA[a>" LONG "]]><?p a>" LONG
		"?></y:Piece>");
	static const char out[] = "<Root ->Text=a;<Piece p>" LONG ">>" LONG "&" LONG "<" LONG
				  "</Piece>Kind is over;<Deep -><Piece ->" LONG "</Piece>"
				  "<Piece ->a>" LONG "</Piece></Root>";
	(void)state;

	for (size_t cut = 1; cut <= strlen(in) + 50; cut += cut < 20 ? 1 : 49) {
		AUTO(buf) struct buf got = { 0 };
		check_ok(parse_cut(in, cut, &got));
		assert_string_equal(buf_str(&got), out);
	}
}

static char long_text[16000];

/* What goes past the parser is lent from what came. */
static enum err count_lent(void *ctx, const char *bytes, size_t n)
{
	if (bytes >= long_text && bytes < long_text + sizeof(long_text))
		*(size_t *)ctx += n;
	return ERR_OK;
}

static void test_a_long_text_goes_past_the_parser_that_holds_its_beginning(void **state)
{
	static const struct sax_rule one[] = { { "a", .piece = count_lent }, { 0 } };
	size_t lent_n = 0;
	const struct sax_table table = { one, 0, &lent_n };
	AUTO(sax) struct sax *sax = NULL;
	(void)state;

	memset(long_text, 'x', sizeof(long_text));
	check_ok(sax_new(&table, 1, &sax));
	check_ok(sax_feed(sax, "<a>some", 7));
	check_ok(sax_feed(sax, long_text, sizeof(long_text)));
	check_ok(sax_feed(sax, "</a>", 4));
	check_ok(sax_finish(sax));
	assert_in_range(lent_n, sizeof(long_text) - 2000, sizeof(long_text));
}

static enum err try_rules(size_t n, size_t depth)
{
	struct sax_rule some[SAX_RULES_MAX + 2] = { 0 };
	const struct sax_table table = { some, depth, NULL };
	AUTO(sax) struct sax *sax = NULL;

	for (size_t i = 0; i < n; i++)
		some[i].path = "a";
	return sax_new(&table, 1, &sax);
}

static void test_too_many_rules_or_too_deep_ones_are_refused(void **state)
{
	(void)state;
	check_ok(try_rules(SAX_RULES_MAX, 0));
	check_err(try_rules(SAX_RULES_MAX + 1, 0), ERR_INVALID);
	check_ok(try_rules(1, SAX_DEPTH_MAX - 2));
	check_err(try_rules(1, SAX_DEPTH_MAX), ERR_INVALID);
}

static void test_every_rule_of_many_is_found(void **state)
{
	struct sax_rule many[SAX_RULES_MAX + 1] = { 0 };
	char paths[SAX_RULES_MAX][8], in[32], expected[32];
	(void)state;

	for (size_t i = 0; i < SAX_RULES_MAX; i++) {
		snprintf(paths[i], sizeof(paths[i]), "a%zu", i);
		many[i] = (struct sax_rule){ paths[i], .close = note_close };
	}
	for (size_t i = 0; i < SAX_RULES_MAX; i++) {
		AUTO(buf) struct buf out = { 0 };
		AUTO(sax) struct sax *sax = NULL;
		const struct sax_table table = { many, 0, &out };
		snprintf(in, sizeof(in), "<a%zu/>", i);
		snprintf(expected, sizeof(expected), "</a%zu>", i);
		check_ok(sax_new(&table, 1, &sax));
		check_ok(sax_feed(sax, in, strlen(in)));
		check_ok(sax_finish(sax));
		assert_string_equal(buf_str(&out), expected);
	}
}

static enum err parse_depth(int depth)
{
	AUTO(buf) struct buf in = { 0 }, out = { 0 };

	for (int i = 0; i < depth; i++)
		check_ok(buf_append_str(&in, "<a>"));
	for (int i = 0; i < depth; i++)
		check_ok(buf_append_str(&in, "</a>"));
	return parse_cut(buf_str(&in), 1000, &out);
}

/* I9: everything a server controls is bounded. */
static void test_depth_is_bounded(void **state)
{
	(void)state;
	check_ok(parse_depth(SAX_DEPTH_MAX));
	check_err(parse_depth(SAX_DEPTH_MAX + 1), ERR_LIMIT);
	check_err(parse_depth(100000), ERR_LIMIT);
}

/* I9. An attribute or a name without end is not collected without end. */
static void test_what_is_no_text_is_bounded_too(void **state)
{
	static const char *const starts[] = { "<a b='", "<", "<!--", "<?pi ", "<a " };
	const struct sax_table table = { rules, 0, NULL };
	static char block[65536];
	(void)state;

	memset(block, 'x', sizeof(block));
	for (size_t i = 0; i < ARRAY_LEN(starts); i++) {
		AUTO(sax) struct sax *sax = NULL;
		enum err err = sax_new(&table, 1, &sax);
		size_t fed = 0;
		if (!err)
			err = sax_feed(sax, starts[i], strlen(starts[i]));
		for (; !err && fed < 64 << 20; fed += sizeof(block))
			err = sax_feed(sax, block, sizeof(block));
		check_err(err, ERR_PROTOCOL);
		assert_in_range(fed, 0, 24 << 20);
	}
}

/* I9: what follows a longer text within the same element is no text of it. */
static void test_an_element_with_elements_holds_no_text(void **state)
{
	static const struct sax_rule nested[] = {
		{ "a", .text = note_text, .cap = 1 },
		{ "a/b", .text = note_text, .cap = 8 },
		{ 0 },
	};
	static char text[1 << 20];
	AUTO(buf) struct buf out = { 0 };
	AUTO(sax) struct sax *sax = NULL;
	const struct sax_table table = { nested, 0, &out };
	(void)state;

	memset(text, 'x', sizeof(text));
	check_ok(sax_new(&table, 1, &sax));
	check_ok(sax_feed(sax, "<a><b>four</b>", 14));
	for (size_t fed = 0; fed <= BUF_MAX; fed += sizeof(text))
		check_ok(sax_feed(sax, text, sizeof(text)));
	check_ok(sax_feed(sax, "</a>", 4));
	check_ok(sax_finish(sax));
	assert_string_equal(buf_str(&out), "b=four;");
}

static void test_a_rule_that_fails_ends_the_reading(void **state)
{
	AUTO(buf) struct buf out = { 0 };
	const struct sax_table table = { rules, 0, &out };
	AUTO(sax) struct sax *sax = NULL;
	static const char in[] = ROOT("<y:Text>123456789</y:Text><y:Kind>a</y:Kind>");
	(void)state;

	check_ok(sax_new(&table, 1, &sax));
	check_err(sax_feed(sax, in, strlen(in)), ERR_LIMIT);
	check_err(sax_feed(sax, in, strlen(in)), ERR_LIMIT);
	check_err(sax_finish(sax), ERR_LIMIT);
	assert_null(strstr(buf_str(&out), "Kind"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_what_xml_forbids_becomes_one_replacement_wherever_it_is_cut),
		cmocka_unit_test(test_no_byte_hides_among_plain_ones),
		cmocka_unit_test(test_a_reference_without_end_is_bounded),
		cmocka_unit_test(test_a_document_reads_the_same_wherever_it_is_cut),
		cmocka_unit_test(test_a_long_text_reads_the_same_wherever_it_is_cut),
		cmocka_unit_test(test_a_long_text_goes_past_the_parser_that_holds_its_beginning),
		cmocka_unit_test(test_too_many_rules_or_too_deep_ones_are_refused),
		cmocka_unit_test(test_every_rule_of_many_is_found),
		cmocka_unit_test(test_depth_is_bounded),
		cmocka_unit_test(test_what_is_no_text_is_bounded_too),
		cmocka_unit_test(test_an_element_with_elements_holds_no_text),
		cmocka_unit_test(test_a_rule_that_fails_ends_the_reading),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
