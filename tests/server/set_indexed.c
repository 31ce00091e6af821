/* SPDX-License-Identifier: MIT */
#include <libxml/parser.h>
#include <string.h>

#include "item_set.h"

/*
 * EmailAddresses and its like are changed entry by entry. What the item has now is
 * what it would be shown with, whether that comes from a seed, bytes or an edit.
 */

xmlNode *set_current(const struct item *item, const char *uri)
{
	struct xml out = { 0 };
	struct shape shape = { .base = SHAPE_ID_ONLY };
	xmlNode *found = NULL;

	if (!item_want(&shape, uri))
		return NULL;
	xml_raw(&out, "<all xmlns:t=\"urn:t\">");
	item_write(&out, item, &shape);
	xml_raw(&out, "</all>");
	xmlDoc *doc = xmlReadMemory(buf_str(&out.buf), (int)out.buf.len, NULL, NULL,
				    XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_NOWARNING |
					    XML_PARSE_HUGE | XML_PARSE_RECOVER);
	const xmlNode *shown = doc ? node_first(xmlDocGetRootElement(doc)) : NULL;
	const xmlNode *node = node_child(shown, strchr(uri, ':') + 1);
	if (node)
		found = xmlCopyNode((xmlNode *)(uintptr_t)node, 1);
	xmlFreeDoc(doc);
	xml_release(&out);
	return found;
}

static void drop(xmlNode *node)
{
	if (!node)
		return;
	xmlUnlinkNode(node);
	xmlFreeNode(node);
}

static xmlNode *entry_of(const xmlNode *whole, const char *key)
{
	xmlNode *entry = node_first(whole);

	while (entry && strcmp(node_attr(entry, "Key"), key) != 0)
		entry = node_next(entry);
	return entry;
}

static xmlNode *copy(const xmlNode *node)
{
	return node ? xmlCopyNode((xmlNode *)(uintptr_t)node, 1) : NULL;
}

/* The parts of an address stand in an order that is the schema's. */
static void put_member(xmlNode *entry, const char *name, const xmlNode *value)
{
	static const char *const order[] = { "Street", "City", "State", "CountryOrRegion",
					     "PostalCode" };
	xmlNode *made = copy(node_child(value, name)), *before = NULL;
	size_t i = 0;

	drop(node_child(entry, name));
	while (i < ARRAY_LEN(order) && strcmp(order[i], name) != 0)
		i++;
	for (i++; i < ARRAY_LEN(order) && !before; i++)
		before = node_child(entry, order[i]);
	if (made && before)
		xmlAddPrevSibling(before, made);
	else if (made)
		xmlAddChild(entry, made);
}

xmlNode *set_indexed(const struct set *set, const struct item *item)
{
	xmlNode *whole = set_current(item, set->key);
	const char *name = strchr(set->key, ':') + 1;

	if (!whole)
		whole = xmlNewNode(NULL, (const xmlChar *)name);
	xmlNode *entry = entry_of(whole, set->index);
	const xmlNode *given = entry_of(set->value, set->index);
	if (*set->member && entry) {
		put_member(entry, set->member, given);
		if (!node_first(entry))
			drop(entry);
	} else {
		drop(entry);
		if (given)
			xmlAddChild(whole, copy(given));
	}
	if (!node_first(whole)) {
		xmlFreeNode(whole);
		return NULL;
	}
	return whole;
}
