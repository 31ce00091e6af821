/* SPDX-License-Identifier: MIT */
#include "edits.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "mailbox.h"
#include "soap.h"

struct edits {
	struct edit *all;
	size_t n, size;
};

static struct edit *find(struct edits *edits, const char *key)
{
	for (size_t i = 0; edits && i < edits->n; i++)
		if (strcmp(edits->all[i].key, key) == 0)
			return &edits->all[i];
	return NULL;
}

const struct edit *edits_find(const struct edits *edits, const char *key)
{
	for (size_t i = 0; edits && i < edits->n; i++)
		if (strcmp(edits->all[i].key, key) == 0)
			return &edits->all[i];
	return NULL;
}

const struct edit *edits_at(const struct edits *edits, size_t i)
{
	return edits && i < edits->n ? &edits->all[i] : NULL;
}

/* A copy that does not need the document it came from. */
static xmlNode *copy_node(const xmlNode *node)
{
	xmlNode *copy = node ? xmlCopyNode((xmlNode *)(uintptr_t)node, 1) : NULL;

	if (node && !copy)
		abort();
	return copy;
}

static struct edit *add(struct edits **edits, const char *key)
{
	struct edits *e = *edits;

	if (!e) {
		e = *edits = must_alloc(NULL, sizeof(*e));
		*e = (struct edits){ 0 };
	}
	if (e->n == e->size) {
		e->size = e->size ? e->size * 2 : 8;
		e->all = must_alloc(e->all, e->size * sizeof(*e->all));
	}
	e->all[e->n] = (struct edit){ .key = must_copy(key) };
	return &e->all[e->n++];
}

void edits_put(struct edits **edits, const char *key, const xmlNode *value)
{
	struct edit *edit = find(*edits, key);
	xmlNode *copy = copy_node(value);

	if (!edit)
		edit = add(edits, key);
	xmlFreeNode(edit->value);
	edit->value = copy;
}

void edits_drop(struct edits *edits, const char *key)
{
	struct edit *edit = find(edits, key);

	if (!edit)
		return;
	free(edit->key);
	xmlFreeNode(edit->value);
	*edit = edits->all[--edits->n];
}

struct edits *edits_copy(const struct edits *edits)
{
	struct edits *copy = NULL;

	for (size_t i = 0; edits && i < edits->n; i++)
		edits_put(&copy, edits->all[i].key, edits->all[i].value);
	return copy;
}

void edits_release(struct edits **edits)
{
	struct edits *e = *edits;

	if (!e)
		return;
	for (size_t i = 0; i < e->n; i++) {
		free(e->all[i].key);
		xmlFreeNode(e->all[i].value);
	}
	free(e->all);
	free(e);
	*edits = NULL;
}

void edit_key(const xmlNode *path, char ret[EDIT_KEY_SIZE])
{
	const char *tag = node_attr(path, "PropertyTag");
	const char *type = node_attr(path, "PropertyType");

	if (!node_is(path, "ExtendedFieldURI")) {
		snprintf(ret, EDIT_KEY_SIZE, "%s", node_attr(path, "FieldURI"));
		return;
	}
	if (*tag) {
		snprintf(ret, EDIT_KEY_SIZE, "x:0x%lx:%s", strtoul(tag, NULL, 0), type);
		return;
	}
	snprintf(ret, EDIT_KEY_SIZE, "x:%s%s:%s%s:%s", node_attr(path, "PropertySetId"),
		 node_attr(path, "DistinguishedPropertySetId"), node_attr(path, "PropertyName"),
		 node_attr(path, "PropertyId"), type);
	/* GUIDs are the same in either case; names are not. */
	for (char *c = ret + 2; *c && *c != ':'; c++)
		*c = (char)tolower((unsigned char)*c);
}

void xml_node(struct xml *out, const xmlNode *node)
{
	xml_rawf(out, "<t:%s", (const char *)node->name);
	for (const xmlAttr *attr = node->properties; attr; attr = attr->next) {
		xml_rawf(out, " %s=\"", (const char *)attr->name);
		xml_text(out, node_attr(node, (const char *)attr->name));
		xml_raw(out, "\"");
	}
	xml_raw(out, ">");
	for (const xmlNode *child = node->children; child; child = child->next) {
		if (child->type == XML_ELEMENT_NODE)
			xml_node(out, child);
		else if (child->content && !node_first(node))
			xml_text(out, (const char *)child->content);
	}
	xml_rawf(out, "</t:%s>", (const char *)node->name);
}
