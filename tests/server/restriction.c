/* SPDX-License-Identifier: MIT */
#include "restriction.h"

#include <libxml/parser.h>
#include <string.h>
#include <strings.h>

static void xml_doc_release(xmlDoc **doc)
{
	xmlFreeDoc(*doc);
}

/* The object with that property and its id alone. */
static xmlDoc *show(const struct restriction *restriction, const xmlNode *path, const void *object)
{
	AUTO(xml) struct xml out = { 0 };
	struct shape shape = { .base = SHAPE_ID_ONLY };

	if (!shape_add(restriction->call, path, restriction->want, &shape))
		return NULL;
	xml_raw(&out, "<r xmlns:t=\"t\">");
	restriction->write(&out, object, &shape);
	xml_raw(&out, "</r>");
	return out.err ? NULL
		       : xmlReadMemory(out.buf.bytes, (int)out.buf.len, NULL, NULL,
				       XML_PARSE_RECOVER | XML_PARSE_NOERROR | XML_PARSE_NOWARNING |
					       XML_PARSE_NONET | XML_PARSE_HUGE);
}

/* Its text, which *doc lends; NULL where it has none. */
static const char *value_of(const xmlDoc *doc, const xmlNode *path)
{
	const xmlNode *object = doc ? node_first(xmlDocGetRootElement(doc)) : NULL;
	const char *uri = node_attr(path, "FieldURI"), *colon = strchr(uri, ':');
	const xmlNode *property = node_child(object, colon ? colon + 1 : "ExtendedProperty");

	if (!colon)
		property = node_child(property, "Value");
	return property ? node_text(property) : NULL;
}

/* The path first, and then the constant, or another path, which nobody uses. */
static const char *constant_of(const xmlNode *expression)
{
	const xmlNode *other = node_child(expression, "FieldURIOrConstant");
	const xmlNode *constant = node_child(other ? other : expression, "Constant");

	return node_attr(constant, "Value");
}

/* "9" is less than "10", where these are numbers; and true is also written 1. */
static int compare(const char *a, const char *b)
{
	int64_t x, y;

	if (strcmp(a, "true") == 0 || strcmp(a, "false") == 0)
		return text_is_true(a) - text_is_true(b);
	if (text_parse_int(a, INT64_MIN, INT64_MAX, &x) &&
	    text_parse_int(b, INT64_MIN, INT64_MAX, &y))
		return x < y ? -1 : x > y;
	return strcasecmp(a, b);
}

static bool contains(const xmlNode *expression, const char *value, const char *part)
{
	const char *mode = node_attr(expression, "ContainmentMode");

	if (strcmp(mode, "FullString") == 0)
		return strcasecmp(value, part) == 0;
	if (strncmp(mode, "Prefix", 6) == 0)
		return strncasecmp(value, part, strlen(part)) == 0;
	return strcasestr(value, part) != NULL;
}

static bool excludes(const xmlNode *expression, const char *value)
{
	const char *mask = node_attr(node_child(expression, "Bitmask"), "Value");

	return !(strtoul(value, NULL, 10) & strtoul(mask, NULL, 0));
}

static bool compares(const xmlNode *expression, const char *value)
{
	static const struct {
		const char *name;
		bool less, equal, greater;
	} orders[] = {
		{ "IsEqualTo", false, true, false },
		{ "IsNotEqualTo", true, false, true },
		{ "IsGreaterThan", false, false, true },
		{ "IsGreaterThanOrEqualTo", false, true, true },
		{ "IsLessThan", true, false, false },
		{ "IsLessThanOrEqualTo", true, true, false },
	};
	int order = compare(value, constant_of(expression));

	for (size_t i = 0; i < ARRAY_LEN(orders); i++)
		if (node_is(expression, orders[i].name))
			return order < 0   ? orders[i].less
			       : order > 0 ? orders[i].greater
					   : orders[i].equal;
	return false;
}

static bool tests(const struct restriction *restriction, const xmlNode *expression,
		  const void *object)
{
	const xmlNode *path = node_first(expression);
	AUTO(xml_doc) xmlDoc *doc = show(restriction, path, object);
	const char *value = value_of(doc, path);

	if (node_is(expression, "Exists"))
		return value != NULL;
	if (!value)
		return node_is(expression, "IsNotEqualTo");
	if (node_is(expression, "Contains"))
		return contains(expression, value, constant_of(expression));
	if (node_is(expression, "Excludes"))
		return excludes(expression, value);
	return compares(expression, value);
}

bool restriction_holds(const struct restriction *restriction, const xmlNode *expression,
		       const void *object)
{
	bool all = node_is(expression, "And");

	if (!expression)
		return true;
	if (node_is(expression, "Not"))
		return !restriction_holds(restriction, node_first(expression), object);
	if (!all && !node_is(expression, "Or"))
		return tests(restriction, expression, object);
	for (const xmlNode *part = node_first(expression); part; part = node_next(part))
		if (restriction_holds(restriction, part, object) != all)
			return !all;
	return all;
}
