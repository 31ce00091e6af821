/* SPDX-License-Identifier: MIT */
#ifndef EWS_FOLDER_RULES_H
#define EWS_FOLDER_RULES_H

#include "ews/property.h"
#include "ews/soap.h"
#include "ews/take.h"
#include "model/folder.h"

/*
 * folder_rules - how a folder stands in a reply, in GetFolder and SyncFolderHierarchy alike.
 */
struct folder_reader {
	struct property property; /* first, see property.h */
	struct folder folder;
	bool has_total, has_unread;
};

void folder_reader_reset(struct folder_reader *reader);
/* Moves the folder out; its digest is known when the counts came. */
void folder_reader_take(struct folder_reader *reader, struct folder *ret);

enum err folder_take_id(void *ctx, const struct sax *sax);
enum err folder_take_parent(void *ctx, const struct sax *sax);
enum err folder_take_count(void *ctx, const struct sax *sax, const char *text, size_t n);
enum err folder_take_property(void *ctx, const struct sax *sax, const char *text, size_t n);

#define FOLDER_TEXT_MAX 4096

/* What is asked of a folder, with its digest. The unread count is asked for as a MAPI property:
 * folder:UnreadCount is an error on calendars and their like. */
/* clang-format off */
#define FOLDER_SHAPE \
	"<m:FolderShape><t:BaseShape>IdOnly</t:BaseShape><t:AdditionalProperties>" \
	SOAP_FIELD("folder:DisplayName") \
	SOAP_FIELD("folder:ParentFolderId") \
	SOAP_FIELD("folder:FolderClass") \
	SOAP_FIELD("folder:TotalCount") \
	SOAP_FIELD("folder:ChildFolderCount") \
	SOAP_MAPI("0x3603", "Integer") \
	SOAP_MAPI("0x10f4", "Boolean") \
	SOAP_MAPI("0x670a", "SystemTime") \
	SOAP_MAPI("0x670b", "Integer") \
	"</t:AdditionalProperties></m:FolderShape>"
/* clang-format on */

/* `element` is the path to the folder's element; the ctx begins with a struct folder_reader. */
/* clang-format off */
#define FOLDER_RULES(element) \
	{ element "/t:FolderId", .open = folder_take_id }, \
	{ element "/t:ParentFolderId", .open = folder_take_parent }, \
	{ element "/t:DisplayName", .text = take_string, .cap = FOLDER_TEXT_MAX, \
	  .arg = offsetof(struct folder_reader, folder.display_name) }, \
	{ element "/t:FolderClass", .text = take_string, .cap = FOLDER_TEXT_MAX, \
	  .arg = offsetof(struct folder_reader, folder.folder_class) }, \
	{ element "/t:TotalCount", .text = folder_take_count, .cap = WORD_MAX_BYTES, \
	  .arg = offsetof(struct folder_reader, folder.digest.total_n) }, \
	{ element "/t:UnreadCount", .text = folder_take_count, .cap = WORD_MAX_BYTES, \
	  .arg = offsetof(struct folder_reader, folder.digest.unread_n) }, \
	{ element "/t:ChildFolderCount", .text = folder_take_count, .cap = WORD_MAX_BYTES, \
	  .arg = offsetof(struct folder_reader, folder.digest.child_n) }, \
	PROPERTY_RULES(element, folder_take_property, FOLDER_TEXT_MAX, take_nothing)
/* clang-format on */

#endif
