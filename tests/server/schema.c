/* SPDX-License-Identifier: MIT */
#include "schema.h"

#include <libxml/xmlschemas.h>
#include <stdio.h>
#include <string.h>

#include "base/lock.h"

struct schema {
	struct lock lock; /* guards xml */
	xmlSchema *xml;
};

/* The caller has one line to say, and libxml2 would say many. */
static void be_quiet(void *ctx, xmlError *error)
{
	(void)ctx;
	(void)error;
}

enum err schema_open(const char *dir, struct schema **ret)
{
	AUTO(str) char *path = NULL;

	if (asprintf(&path, "%s/messages.xsd", dir) < 0) {
		path = NULL;
		return ERR_NOMEM;
	}
	/* libxml2 would print of a missing file before anyone could stop it. */
	if (access(path, R_OK) != 0)
		return ERR_IO;
	xmlSchemaParserCtxt *parser = xmlSchemaNewParserCtxt(path);
	xmlSchemaSetParserStructuredErrors(parser, be_quiet, NULL);
	xmlSchema *xml = parser ? xmlSchemaParse(parser) : NULL;
	xmlSchemaFreeParserCtxt(parser);
	struct schema *schema = xml ? malloc(sizeof(*schema)) : NULL;
	if (!schema) {
		xmlSchemaFree(xml);
		return ERR_INVALID;
	}
	schema->xml = xml;
	lock_init(&schema->lock);
	*ret = schema;
	return ERR_OK;
}

void schema_release(struct schema **schema)
{
	if (!*schema)
		return;
	xmlSchemaFree((*schema)->xml);
	lock_destroy(&(*schema)->lock);
	free(*schema);
	*schema = NULL;
}

/* Only the first one counts: the rest follows from it. */
static void take_violation(void *ctx, xmlError *error)
{
	struct violation *violation = ctx;

	if (violation->text[0])
		return;
	violation->line = error->line;
	snprintf(violation->text, sizeof(violation->text), "%s", error->message);
	violation->text[strcspn(violation->text, "\r\n")] = '\0';
}

enum err schema_check(struct schema *schema, xmlNode *element, struct violation *ret)
{
	*ret = (struct violation){ 0 };
	lock_acquire(&schema->lock);
	xmlSchemaValidCtxt *valid = xmlSchemaNewValidCtxt(schema->xml);
	xmlSchemaSetValidStructuredErrors(valid, take_violation, ret);
	int result = valid ? xmlSchemaValidateOneElement(valid, element) : -1;
	xmlSchemaFreeValidCtxt(valid);
	lock_drop(&schema->lock);
	return result ? ERR_INVALID : ERR_OK;
}
