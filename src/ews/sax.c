/* SPDX-License-Identifier: MIT */
#include "ews/sax.h"

#include <libxml/parser.h>
#include <string.h>

#include "base/text.h"
#include "ews/charfilter.h"

enum {
	PATH_MAX_ELEMENTS = 10,
	KEY_MAX_BYTES = 1024,
	TAIL = '*',
	WORD_BITS = 64,
	WORDS_N = SAX_RULES_MAX / WORD_BITS, /* of a set of rules, as bits */
	NAMES_BITS = 6,
	LONG_TEXT_BYTES = 512,
};

static const struct {
	char letter;
	const char *uri;
} namespaces[] = {
	{ 's', "http://schemas.xmlsoap.org/soap/envelope/" },
	{ 'm', "http://schemas.microsoft.com/exchange/services/2006/messages" },
	{ 't', "http://schemas.microsoft.com/exchange/services/2006/types" },
	{ 'e', "http://schemas.microsoft.com/exchange/services/2006/errors" },
};

/* A rule made ready: names are pointers into the parser's dictionary, where each name
 * stands once, so a match is a comparison of pointers. */
struct compiled {
	const struct sax_rule *rule;
	void *ctx;
	size_t depth, n; /* elements, without a tail "**" */
	bool has_tail;
	char ns[PATH_MAX_ELEMENTS];		 /* 0: any */
	const xmlChar *names[PATH_MAX_ELEMENTS]; /* NULL: any */
};

struct frame {
	const xmlChar *name;
	char ns;		     /* 0: none of those we know */
	const struct compiled *rule; /* NULL: nothing to do */
	bool is_leaf;
	char *key; /* of its Key attribute, when a rule with a tail fits; else NULL */
};

struct sax {
	xmlParserCtxtPtr parser;
	struct charfilter filter;
	const xmlChar *uris[ARRAY_LEN(namespaces)];
	struct compiled *rules;
	size_t rules_n;
	/* Sets of rules: which may fit an element whose name has that hash, and which one at that
	 * depth. */
	uint64_t named[1 << NAMES_BITS][WORDS_N], at_depth[SAX_DEPTH_MAX + 1][WORDS_N];
	struct frame frames[SAX_DEPTH_MAX];
	size_t depth;
	bool has_ended; /* the root is closed */
	bool is_over;	/* the text that is being collected passed its cap */
	struct buf text;
	const xmlChar **attrs; /* as libxml2 gives them: name, prefix, uri, value, end */
	int attrs_n;
	enum err err;
};

static struct frame *top(const struct sax *sax)
{
	return (struct frame *)&sax->frames[sax->depth - 1];
}

static void fail(struct sax *sax, enum err err)
{
	if (!err || sax->err)
		return;
	sax->err = err;
	xmlStopParser(sax->parser);
}

/* One element of a path. */
static void compile_element(struct sax *sax, struct compiled *to, const char *s, size_t n)
{
	if (n == 2 && s[0] == TAIL && s[1] == TAIL) {
		to->has_tail = true;
		return;
	}
	if (n > 2 && s[1] == ':') {
		to->ns[to->n] = s[0];
		s += 2;
		n -= 2;
	}
	bool is_any = n == 1 && *s == TAIL;
	to->names[to->n++] = is_any ? NULL
				    : xmlDictLookup(sax->parser->dict, (const xmlChar *)s, (int)n);
}

/* Names stand one behind the other in memory: only a product tells them apart by few bits. */
static size_t hash_of(const xmlChar *name)
{
	const uint64_t odd = UINT64_C(0x9e3779b97f4a7c15);

	return (size_t)((uintptr_t)name * odd >> (64 - NAMES_BITS));
}

static void index_rule(struct sax *sax, const struct compiled *rule)
{
	size_t number = (size_t)(rule - sax->rules), word = number / WORD_BITS;
	uint64_t bit = UINT64_C(1) << number % WORD_BITS;
	const xmlChar *last = rule->has_tail ? NULL : rule->names[rule->n - 1];
	size_t depth = rule->depth + rule->n + rule->has_tail;
	size_t deepest = rule->has_tail ? SAX_DEPTH_MAX : depth;

	if (last)
		sax->named[hash_of(last)][word] |= bit;
	for (size_t i = 0; !last && i < ARRAY_LEN(sax->named); i++)
		sax->named[i][word] |= bit;
	for (size_t i = depth; i <= deepest; i++)
		sax->at_depth[i][word] |= bit;
}

static enum err compile_rule(struct sax *sax, const struct sax_table *table,
			     const struct sax_rule *rule)
{
	struct compiled *to = &sax->rules[sax->rules_n];
	const char *s = rule->path;

	*to = (struct compiled){ .rule = rule, .ctx = table->ctx, .depth = table->depth };
	for (;;) {
		size_t n = strcspn(s, "/");
		if (to->n == PATH_MAX_ELEMENTS)
			return ERR_INVALID;
		compile_element(sax, to, s, n);
		if (!s[n])
			break;
		s += n + 1;
	}
	if (to->depth + to->n >= SAX_DEPTH_MAX)
		return ERR_INVALID;
	index_rule(sax, to);
	sax->rules_n++;
	return ERR_OK;
}

static enum err compile(struct sax *sax, const struct sax_table *tables, size_t n)
{
	size_t rules_n = 0;
	enum err err = ERR_OK;

	for (size_t i = 0; i < n; i++)
		for (const struct sax_rule *r = tables[i].rules; r->path; r++)
			rules_n++;
	if (rules_n > SAX_RULES_MAX)
		return ERR_INVALID;
	sax->rules = calloc(rules_n, sizeof(*sax->rules));
	if (!sax->rules)
		return ERR_NOMEM;
	for (size_t i = 0; i < n; i++)
		for (const struct sax_rule *r = tables[i].rules; !err && r->path; r++)
			err = compile_rule(sax, &tables[i], r);
	for (size_t i = 0; i < ARRAY_LEN(namespaces); i++)
		sax->uris[i] = xmlDictLookup(sax->parser->dict, (const xmlChar *)namespaces[i].uri,
					     -1);
	return err;
}

/* Whether the element's path is the rule's; it is at a depth where that may be. */
static bool fits(const struct sax *sax, const struct compiled *rule)
{
	for (size_t i = rule->n; i-- > 0;) {
		const struct frame *frame = &sax->frames[rule->depth + i];
		if ((rule->names[i] && rule->names[i] != frame->name) ||
		    (rule->ns[i] && rule->ns[i] != frame->ns))
			return false;
	}
	return true;
}

static const struct compiled *find_rule(const struct sax *sax)
{
	const uint64_t *named = sax->named[hash_of(top(sax)->name)];
	const uint64_t *at_depth = sax->at_depth[sax->depth];

	for (size_t word = 0; word < WORDS_N; word++) {
		for (uint64_t left = named[word] & at_depth[word]; left; left &= left - 1) {
			const struct compiled *rule =
				&sax->rules[word * WORD_BITS + (size_t)__builtin_ctzll(left)];
			if (fits(sax, rule))
				return rule;
		}
	}
	return NULL;
}

static char letter_of(const struct sax *sax, const xmlChar *uri)
{
	for (size_t i = 0; i < ARRAY_LEN(namespaces); i++)
		if (uri && uri == sax->uris[i])
			return namespaces[i].letter;
	return 0;
}

static void on_open(void *ctx, const xmlChar *name, const xmlChar *prefix, const xmlChar *uri,
		    int ns_n, const xmlChar **ns, int attrs_n, int defaulted_n,
		    const xmlChar **attrs)
{
	struct sax *sax = ctx;
	(void)prefix, (void)ns_n, (void)ns, (void)defaulted_n;

	if (sax->err)
		return;
	if (sax->depth == SAX_DEPTH_MAX) {
		fail(sax, ERR_LIMIT);
		return;
	}
	if (sax->depth > 0)
		top(sax)->is_leaf = false;
	struct frame *frame = &sax->frames[sax->depth++];
	*frame = (struct frame){ .name = name, .ns = letter_of(sax, uri), .is_leaf = true };
	const struct compiled *rule = frame->rule = find_rule(sax);
	buf_clear(&sax->text);
	sax->is_over = false;
	sax->attrs = attrs;
	sax->attrs_n = attrs_n;
	if (rule && rule->has_tail)
		fail(sax, sax_copy_attr(sax, "Key", KEY_MAX_BYTES, &frame->key));
	if (rule && rule->rule->open && !sax->err)
		fail(sax, rule->rule->open(rule->ctx, sax));
	sax->attrs_n = 0;
}

static void on_text(void *ctx, const xmlChar *bytes, int n)
{
	struct sax *sax = ctx;
	const struct compiled *rule = sax->err ? NULL : top(sax)->rule;

	if (!rule)
		return;
	if (rule->rule->piece)
		fail(sax, rule->rule->piece(rule->ctx, (const char *)bytes, (size_t)n));
	if (!rule->rule->text || !top(sax)->is_leaf || sax->is_over)
		return;
	if ((size_t)n > rule->rule->cap - sax->text.len)
		sax->is_over = true;
	else
		fail(sax, buf_append(&sax->text, bytes, (size_t)n));
}

static enum err end_text(struct sax *sax, const struct compiled *rule)
{
	if (!rule->rule->text || !top(sax)->is_leaf)
		return ERR_OK;
	if (!sax->is_over)
		return rule->rule->text(rule->ctx, sax, buf_str(&sax->text), sax->text.len);
	return rule->rule->over ? rule->rule->over(rule->ctx, sax) : ERR_LIMIT;
}

static void on_close(void *ctx, const xmlChar *name, const xmlChar *prefix, const xmlChar *uri)
{
	struct sax *sax = ctx;
	(void)name, (void)prefix, (void)uri;

	if (sax->err)
		return;
	const struct compiled *rule = top(sax)->rule;
	if (rule)
		fail(sax, end_text(sax, rule));
	if (rule && rule->rule->close && !sax->err)
		fail(sax, rule->rule->close(rule->ctx, sax));
	str_release(&top(sax)->key);
	sax->depth--;
	sax->has_ended = sax->depth == 0;
}

/* Any document type is refused: with it go entities, defaults and their bombs. A web
 * page has one. */
static void on_doctype(void *ctx, const xmlChar *name, const xmlChar *id, const xmlChar *uri)
{
	(void)id, (void)uri;
	fail(ctx, xmlStrcasecmp(name, (const xmlChar *)"html") == 0 ? ERR_NOT_EWS : ERR_PROTOCOL);
}

static void on_error(void *ctx, xmlErrorPtr error)
{
	struct sax *sax = ctx;

	if (error->level != XML_ERR_FATAL || sax->err)
		return;
	if (error->code == XML_ERR_NO_MEMORY)
		sax->err = ERR_NOMEM;
	else if (sax->has_ended)
		sax->err = ERR_STALE_REPLY;
	else
		sax->err = error->code == XML_ERR_DOCUMENT_EMPTY ? ERR_NOT_EWS : ERR_PROTOCOL;
}

enum err sax_new(const struct sax_table *tables, size_t n, struct sax **ret)
{
	static const xmlSAXHandler handler = {
		.initialized = XML_SAX2_MAGIC,
		.internalSubset = on_doctype,
		.startElementNs = on_open,
		.endElementNs = on_close,
		.characters = on_text,
		.ignorableWhitespace = on_text,
		.cdataBlock = on_text,
		.serror = on_error,
	};
	AUTO(sax) struct sax *sax = calloc(1, sizeof(*sax));

	if (!sax)
		return ERR_NOMEM;
	sax->parser = xmlCreatePushParserCtxt((xmlSAXHandlerPtr)(uintptr_t)&handler, sax, NULL, 0,
					      NULL);
	if (!sax->parser)
		return ERR_NOMEM;
	/* The filter lets only UTF-8 through, whatever the declaration says. Without NOENT,
	 * "&amp;" in an attribute would come as "&#38;". */
	xmlCtxtUseOptions(sax->parser, XML_PARSE_NONET | XML_PARSE_NOENT | XML_PARSE_IGNORE_ENC);
	enum err err = compile(sax, tables, n);
	if (!err)
		*ret = give(sax);
	return err;
}

void sax_release(struct sax **sax)
{
	struct sax *s = *sax;

	if (!s)
		return;
	for (size_t i = 0; i < s->depth; i++)
		str_release(&s->frames[i].key);
	if (s->parser)
		xmlFreeParserCtxt(s->parser);
	buf_release(&s->text);
	free(s->rules);
	free(s);
	*sax = NULL;
}

static enum err parse(void *ctx, const char *bytes, size_t n)
{
	struct sax *sax = ctx;

	xmlParseChunk(sax->parser, bytes, (int)n, 0);
	if (!sax->err && !sax->parser->wellFormed)
		sax->err = ERR_PROTOCOL;
	return sax->err;
}

/* The rule whose piece() has the text that comes next, else NULL. */
static const struct compiled *piece_rule(const struct sax *sax)
{
	const struct compiled *rule = sax->depth > 0 ? top(sax)->rule : NULL;

	return rule && rule->rule->piece ? rule : NULL;
}

/*
 * The text for a piece() may go there straight, as far as it holds no markup and the parser
 * sits on nothing that came before it. Message bodies are nearly all of what comes in; through
 * the parser they would take several times as long, line by line.
 */
static size_t feed_piece(struct sax *sax, const char *bytes, size_t n)
{
	const struct compiled *rule = piece_rule(sax);
	const xmlParserInput *input = sax->parser->input;

	if (!rule || sax->filter.held_n > 0 || input->cur != input->end ||
	    sax->parser->instate != XML_PARSER_CONTENT)
		return 0;
	const char *tag = memchr(bytes, '<', n);
	n = tag ? (size_t)(tag - bytes) : n;
	const char *reference = memchr(bytes, '&', n);
	n = reference ? (size_t)(reference - bytes) : n;
	if (n > 0)
		fail(sax, rule->rule->piece(rule->ctx, bytes, n));
	return n;
}

/*
 * How many bytes to give the parser before feed_piece() is to have a look: up to where a long
 * text begins, or some of one whose beginning the parser sits on, so that it takes that. Not
 * while it sits on much, since it may go through all of that each time.
 */
static size_t parser_share(const struct sax *sax, const char *bytes, size_t n)
{
	enum { CHUNK_BYTES = 65536 };
	const xmlParserInput *input = sax->parser->input;

	n = n < CHUNK_BYTES ? n : CHUNK_BYTES;
	if (input->end - input->cur > LONG_TEXT_BYTES)
		return n;
	for (size_t at = 0; n - at >= LONG_TEXT_BYTES; at += LONG_TEXT_BYTES) {
		if (memchr(bytes + at, '<', LONG_TEXT_BYTES))
			continue;
		const char *tag = memrchr(bytes, '>', at + LONG_TEXT_BYTES);
		if (tag)
			return (size_t)(tag + 1 - bytes);
		return piece_rule(sax) ? at + LONG_TEXT_BYTES : n;
	}
	return n;
}

enum err sax_feed(struct sax *sax, const char *bytes, size_t n)
{
	while (!sax->err && n > 0) {
		size_t some = feed_piece(sax, bytes, n);
		if (some == 0) {
			some = parser_share(sax, bytes, n);
			enum err err = charfilter_feed(&sax->filter, bytes, some, parse, sax);
			if (err && !sax->err)
				sax->err = err;
		}
		bytes += some;
		n -= some;
	}
	return sax->err;
}

enum err sax_finish(struct sax *sax)
{
	if (!sax->err)
		sax->err = charfilter_finish(&sax->filter, parse, sax);
	/* The parser is not told of an end that comes too early: it would make elements of
	 * what is there of them. */
	if (!sax->err && !sax->has_ended)
		sax->err = ERR_PROTOCOL;
	if (!sax->err)
		xmlParseChunk(sax->parser, NULL, 0, 1);
	if (!sax->err && !sax->parser->wellFormed)
		sax->err = ERR_PROTOCOL;
	return sax->err;
}

size_t sax_arg(const struct sax *sax)
{
	return top(sax)->rule->rule->arg;
}

const char *sax_name(const struct sax *sax)
{
	return (const char *)top(sax)->name;
}

bool sax_is(const struct sax *sax, char ns, const char *name)
{
	return top(sax)->ns == ns && strcmp(sax_name(sax), name) == 0;
}

const char *sax_attr(const struct sax *sax, const char *name, size_t *ret_n)
{
	for (int i = 0; i < sax->attrs_n; i++) {
		const xmlChar **attr = sax->attrs + 5 * i;
		if (attr[2] || strcmp((const char *)attr[0], name) != 0)
			continue;
		*ret_n = (size_t)(attr[4] - attr[3]);
		return (const char *)attr[3];
	}
	return NULL;
}

enum err sax_copy_attr(const struct sax *sax, const char *name, size_t max, char **ret)
{
	size_t n = 0;
	const char *value = sax_attr(sax, name, &n);
	char *copy = NULL;

	if (value && n > max)
		return ERR_LIMIT;
	if (value && !(copy = strndup(value, n)))
		return ERR_NOMEM;
	free(*ret);
	*ret = copy;
	return ERR_OK;
}

enum err sax_print_path(const struct sax *sax, size_t depth, struct buf *ret)
{
	enum err err = ERR_OK;

	for (size_t i = depth; !err && i < sax->depth; i++) {
		const struct frame *frame = &sax->frames[i];
		err = buf_printf(ret, "%s%s", i > depth ? "/" : "", (const char *)frame->name);
		if (!err && frame->key)
			err = buf_printf(ret, "[%s]", frame->key);
	}
	return err;
}
