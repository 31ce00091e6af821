/* SPDX-License-Identifier: MIT */
#include "shape.h"

#include <stdio.h>
#include <string.h>

static bool add_tag(struct call *call, const xmlNode *node, struct shape *shape)
{
	const char *text = node_attr(node, "PropertyTag"), *type = node_attr(node, "PropertyType");
	char *end;

	if (!*text) {
		if (shape->named_n < SHAPE_NAMED)
			shape->named[shape->named_n++] = node;
		return true;
	}
	unsigned long tag = strtoul(text, &end, 0);
	if (*end || tag == 0 || tag > 0xffff) {
		soap_schema_fault(call, "The 'PropertyTag' attribute is invalid - '%.60s'.", text);
		return false;
	}
	if (shape->tags_n < SHAPE_TAGS) {
		struct shape_tag *at = &shape->tags[shape->tags_n++];
		at->tag = (uint32_t)tag;
		snprintf(at->type, sizeof(at->type), "%s", type);
	}
	return true;
}

bool shape_add(struct call *call, const xmlNode *node, shape_want_fn want, struct shape *shape)
{
	const char *uri = node_attr(node, "FieldURI");

	if (node_is(node, "ExtendedFieldURI"))
		return add_tag(call, node, shape);
	if (want(shape, uri))
		return true;
	soap_schema_fault(
		call,
		"The 'FieldURI' attribute is invalid - The value '%.80s' is invalid according "
		"to its datatype - The Enumeration constraint failed.",
		uri);
	return false;
}

bool shape_parse(struct call *call, const xmlNode *node, shape_want_fn want, struct shape *ret)
{
	const char *base = child_text(node, "BaseShape");

	*ret = (struct shape){
		.base = strcmp(base, "AllProperties") == 0 ? SHAPE_ALL
			: strcmp(base, "Default") == 0	   ? SHAPE_DEFAULT
							   : SHAPE_ID_ONLY,
		.mime = text_is_true(child_text(node, "IncludeMimeContent")),
		.text_body = strcmp(child_text(node, "BodyType"), "Text") == 0,
	};
	const xmlNode *field = node_first(node_child(node, "AdditionalProperties"));
	for (; field; field = node_next(field))
		if (!shape_add(call, field, want, ret))
			return false;
	return true;
}

static void begin(struct xml *out, const struct shape_tag *tag)
{
	xml_rawf(
		out,
		"<t:ExtendedProperty><t:ExtendedFieldURI PropertyTag=\"0x%x\" PropertyType=\"%s\"/>"
		"<t:Value>",
		tag->tag, tag->type);
}

static void end(struct xml *out)
{
	xml_raw(out, "</t:Value></t:ExtendedProperty>");
}

void tag_write(struct xml *out, const struct shape_tag *tag, const char *value)
{
	if (!value || strcmp(tag->type, "String") != 0)
		return;
	begin(out, tag);
	xml_text(out, value);
	end(out);
}

void tag_write_int(struct xml *out, const struct shape_tag *tag, int64_t value)
{
	if (strcmp(tag->type, "Integer") != 0 && strcmp(tag->type, "Long") != 0)
		return;
	begin(out, tag);
	xml_rawf(out, "%lld", (long long)value);
	end(out);
}

void tag_write_bool(struct xml *out, const struct shape_tag *tag, bool value)
{
	if (strcmp(tag->type, "Boolean") != 0)
		return;
	begin(out, tag);
	xml_raw(out, value ? "true" : "false");
	end(out);
}

void tag_write_time(struct xml *out, const struct shape_tag *tag, int64_t time)
{
	if (strcmp(tag->type, "SystemTime") != 0 || time == TIME_NONE)
		return;
	begin(out, tag);
	if (!out->err)
		out->err = text_print_time(&out->buf, time);
	end(out);
}

void tag_write_binary(struct xml *out, const struct shape_tag *tag, const void *bytes, size_t n)
{
	if (strcmp(tag->type, "Binary") != 0)
		return;
	begin(out, tag);
	xml_base64(out, bytes, n);
	end(out);
}
