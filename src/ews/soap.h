/* SPDX-License-Identifier: MIT */
#ifndef EWS_SOAP_H
#define EWS_SOAP_H

#include "base/buf.h"

/*
 * soap - writes requests. The server validates them, so elements stand in the
 * schema's order; prefixes are m: (messages) and t: (types).
 */

/* The schema a request claims, and so what the server may answer. */
enum version { VERSION_2013_SP1, VERSION_2010_SP2, VERSION_2007_SP1, VERSION_COUNT };

/* As requests spell it. */
const char *version_name(enum version version);
/* VERSION_2013_SP1 for one that we do not claim. */
enum version version_named(const char *name);

/* `impersonate`: the address of whom to act as; NULL: nobody. */
MUST_CHECK enum err soap_begin(struct buf *to, enum version version, const char *impersonate,
			       const char *operation, const char *attributes);
MUST_CHECK enum err soap_end(struct buf *to, const char *operation);

/* Text or an attribute's value; what XML forbids becomes U+FFFD. */
MUST_CHECK enum err soap_escape(struct buf *to, const char *text);
/* "<element>text</element>" */
MUST_CHECK enum err soap_text(struct buf *to, const char *element, const char *text);
/* "<element Id="id"/>" */
MUST_CHECK enum err soap_id(struct buf *to, const char *element, const char *id);
/* A FolderId or, where it is one of its names (ews_is_distinguished()), a DistinguishedFolderId,
 * which is that of the mailbox; NULL: our own. */
MUST_CHECK enum err soap_folder_id(struct buf *to, const char *id, const char *mailbox);

/* Members of a shape's AdditionalProperties. */
#define SOAP_FIELD(uri) "<t:FieldURI FieldURI=\"" uri "\"/>"
#define SOAP_MAPI(tag, type) \
	"<t:ExtendedFieldURI PropertyTag=\"" tag "\" PropertyType=\"" type "\"/>"

#endif
