/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "folder_xml.h"
#include "item_xml.h"
#include "operations.h"

/* A reply's message for one folder; the element may be the one that was asked with. */
static void answer(struct call *call, const char *name, const char *element,
		   const struct folder *folder)
{
	char tag[40];

	snprintf(tag, sizeof(tag), "t:%s", element);
	message_begin(call, name);
	xml_open(call->out, "m:Folders");
	xml_open(call->out, tag);
	folder_write_id(call->out, folder);
	xml_close(call->out, tag);
	xml_close(call->out, "m:Folders");
	message_end(call, name);
}

static void refuse(struct call *call, const char *name, const char *error)
{
	message_error_begin(call, name, error);
	xml_raw(call->out, "<m:Folders/>");
	message_end(call, name);
}

static const char *element_of(const struct folder *folder)
{
	return folder_kind_info(folder->kind)->element + strlen("t:");
}

/* --- CreateFolder --- */

/* By its class, which may be longer: IPF.Appointment.Birthday. */
static enum folder_kind kind_of_class(const char *folder_class)
{
	for (int kind = 0; kind < FOLDER_KIND_COUNT; kind++) {
		const char *root = folder_kind_info(kind)->folder_class;
		size_t n = strlen(root);
		if (strncasecmp(folder_class, root, n) == 0 &&
		    (!folder_class[n] || folder_class[n] == '.'))
			return kind;
	}
	return FOLDER_MAIL;
}

/* A t:Folder is what its class says; the other elements say it themselves. */
static const char *read_kind(const xmlNode *element, enum folder_kind *ret)
{
	const char *folder_class = child_text(element, "FolderClass");

	*ret = kind_of_class(folder_class);
	if (node_is(element, "Folder"))
		return NULL;
	if (*folder_class)
		return "ErrorNoFolderClassOverride";
	for (int kind = 0; kind < FOLDER_KIND_COUNT; kind++)
		if (node_is(element, folder_kind_info(kind)->element + strlen("t:"))) {
			*ret = kind;
			return NULL;
		}
	return "ErrorInvalidFolderTypeForOperation";
}

static bool is_hidden_tag(const xmlNode *path)
{
	char key[EDIT_KEY_SIZE];

	edit_key(path, key);
	return strcmp(key, "x:0x10f4:Boolean") == 0;
}

static bool asks_hidden(const xmlNode *element)
{
	for (const xmlNode *node = node_first(element); node; node = node_next(node))
		if (node_is(node, "ExtendedProperty") &&
		    is_hidden_tag(node_child(node, "ExtendedFieldURI")))
			return text_is_true(child_text(node, "Value"));
	return false;
}

static const char *create_one(struct call *call, struct folder *parent, const xmlNode *element,
			      struct folder **ret)
{
	const char *name = child_text(element, "DisplayName");
	enum folder_kind kind;
	const char *error = read_kind(element, &kind);

	if (error)
		return error;
	if (!*name)
		return "ErrorFolderSavePropertyError";
	if (folder_child(call->box, parent, name))
		return "ErrorFolderExists";
	*ret = mailbox_mkdir(call->box, parent, name, kind);
	(*ret)->hidden = asks_hidden(element);
	return NULL;
}

void op_create_folder(struct call *call)
{
	static const char operation[] = "CreateFolder";
	const char *missing;
	struct folder *parent = folder_asked(
		call, node_first(node_child(call->op, "ParentFolderId")), &missing);
	struct folder *made = NULL;

	if (!parent && strcmp(missing, "ErrorItemNotFound") == 0)
		missing = "ErrorParentFolderNotFound";
	reply_begin(call, operation);
	const xmlNode *element = node_first(node_child(call->op, "Folders"));
	for (; element; element = node_next(element)) {
		const char *error = parent ? create_one(call, parent, element, &made) : missing;
		if (error)
			refuse(call, operation, error);
		else
			answer(call, operation, (const char *)element->name, made);
	}
	reply_end(call, operation);
}

/* --- UpdateFolder --- */

static const char *check_rename(struct call *call, const struct folder *folder, const char *name)
{
	const struct folder *other = folder_child(call->box, folder->parent, name);

	if (folder->distinguished && strcmp(folder->name, name) != 0)
		return "ErrorFolderSaveFailed";
	if (!*name)
		return "ErrorFolderSavePropertyError";
	return other && other != folder ? "ErrorFolderExists" : NULL;
}

/* Only checks, or makes the change. */
static const char *update_field(struct call *call, const xmlNode *update, struct folder *folder,
				bool apply)
{
	const xmlNode *path = node_first(update), *value = node_first(node_next(path));
	bool deletes = node_is(update, "DeleteFolderField");
	bool names = strcmp(node_attr(path, "FieldURI"), "folder:DisplayName") == 0;

	if (!is_hidden_tag(path) && !(names && !deletes))
		return deletes ? "ErrorInvalidPropertyDelete" : "ErrorInvalidPropertySet";
	if (!deletes && (!value || node_next(value)))
		return "ErrorIncorrectUpdatePropertyCount";
	if (!deletes && !node_is(value, names ? "DisplayName" : "ExtendedProperty"))
		return "ErrorUpdatePropertyMismatch";
	if (!apply)
		return names ? check_rename(call, folder, node_text(value)) : NULL;
	if (names) {
		free(folder->name);
		folder->name = must_copy(node_text(value));
	} else {
		folder->hidden = !deletes && text_is_true(child_text(value, "Value"));
	}
	return NULL;
}

static const char *update_one(struct call *call, const xmlNode *change, struct folder *folder)
{
	const xmlNode *updates = node_child(change, "Updates"), *update;

	for (update = node_first(updates); update; update = node_next(update)) {
		const char *error = update_field(call, update, folder, false);
		if (error)
			return error;
	}
	for (update = node_first(updates); update; update = node_next(update))
		update_field(call, update, folder, true);
	folder_changed(call->box, folder);
	return NULL;
}

void op_update_folder(struct call *call)
{
	static const char operation[] = "UpdateFolder";

	reply_begin(call, operation);
	const xmlNode *change = node_first(node_child(call->op, "FolderChanges"));
	for (; change; change = node_next(change)) {
		const char *error;
		struct folder *folder = folder_asked(call, node_first(change), &error);
		if (folder)
			error = update_one(call, change, folder);
		if (error)
			refuse(call, operation, error);
		else
			answer(call, operation, element_of(folder), folder);
	}
	reply_end(call, operation);
}

/* --- MoveFolder, CopyFolder --- */

static const char *move_folder(struct call *call, struct folder **folder, struct folder *to)
{
	if ((*folder)->distinguished)
		return "ErrorMoveDistinguishedFolder";
	if (folder_is_below(to, *folder) || folder_child(call->box, to, (*folder)->name))
		return "ErrorMoveCopyFailed";
	folder_move(call->box, *folder, to);
	return NULL;
}

static const char *copy_folder(struct call *call, struct folder **folder, struct folder *to)
{
	if (folder_is_below(to, *folder) || folder_child(call->box, to, (*folder)->name))
		return "ErrorMoveCopyFailed";
	*folder = folder_copy(call->box, *folder, to);
	return NULL;
}

static void transfer(struct call *call, const char *operation,
		     const char *(*fn)(struct call *, struct folder **, struct folder *))
{
	const char *missing, *error;
	struct folder *to = folder_asked(call, node_first(node_child(call->op, "ToFolderId")),
					 &missing);

	if (!to && strcmp(missing, "ErrorItemNotFound") == 0)
		missing = "ErrorToFolderNotFound";
	reply_begin(call, operation);
	const xmlNode *id = node_first(node_child(call->op, "FolderIds"));
	for (; id; id = node_next(id)) {
		struct folder *folder = folder_asked(call, id, &error);
		if (folder)
			error = to ? fn(call, &folder, to) : missing;
		if (error)
			refuse(call, operation, error);
		else
			answer(call, operation, element_of(folder), folder);
	}
	reply_end(call, operation);
}

void op_move_folder(struct call *call)
{
	transfer(call, "MoveFolder", move_folder);
}

void op_copy_folder(struct call *call)
{
	transfer(call, "CopyFolder", copy_folder);
}

/* --- DeleteFolder, EmptyFolder --- */

static bool has_distinguished_below(const struct mailbox *box, const struct folder *folder)
{
	for (size_t i = 0; i < box->folders_n; i++)
		if (box->folders[i]->distinguished && !box->folders[i]->gone_seq &&
		    folder_is_below(box->folders[i], folder))
			return true;
	return false;
}

/* A name that is taken in Deleted Items gets a number, as Exchange does it. */
static void move_to_trash(struct mailbox *box, struct folder *folder, struct folder *trash)
{
	AUTO(str) char *name = must_copy(folder->name);

	for (unsigned n = 1; folder_child(box, trash, folder->name); n++) {
		free(folder->name);
		if (asprintf(&folder->name, "%s%u", name, n) < 0)
			abort();
	}
	folder_move(box, folder, trash);
}

static void dispose(struct call *call, struct folder *folder)
{
	struct folder *trash = mailbox_distinguished(call->box, "deleteditems");
	const char *type = node_attr(call->op, "DeleteType");

	if (strcmp(type, "MoveToDeletedItems") == 0 && !folder_is_below(folder, trash))
		move_to_trash(call->box, folder, trash);
	else
		folder_delete(call->box, folder);
}

static const char *delete_folder(struct call *call, struct folder *folder)
{
	if (has_distinguished_below(call->box, folder))
		return "ErrorDeleteDistinguishedFolder";
	if (strcmp(node_attr(call->op, "DeleteType"), "SoftDelete") == 0)
		return "ErrorInvalidOperation"; /* items only can be deleted softly */
	dispose(call, folder);
	return NULL;
}

static void empty_items(struct call *call, struct folder *folder)
{
	struct folder *trash = mailbox_distinguished(call->box, "deleteditems");
	const char *type = node_attr(call->op, "DeleteType");
	bool move = strcmp(type, "MoveToDeletedItems") == 0 && !folder_is_below(folder, trash);

	/* From the newest on, so that nothing has to close up. */
	while (folder->items_n) {
		struct item *item = folder->items[folder->items_n - 1];
		if (move)
			item_move(call->box, item, trash);
		else
			item_delete(call->box, item);
	}
}

static const char *empty_folder(struct call *call, struct folder *folder)
{
	if (folder->kind == FOLDER_CALENDAR || !folder->parent)
		return "ErrorCannotEmptyFolder";
	empty_items(call, folder);
	if (!text_is_true(node_attr(call->op, "DeleteSubFolders")))
		return NULL;
	for (size_t i = 0; i < call->box->folders_n; i++) {
		struct folder *below = call->box->folders[i];
		if (below->parent == folder && !below->gone_seq &&
		    !has_distinguished_below(call->box, below))
			dispose(call, below);
	}
	return NULL;
}

static void each_folder(struct call *call, const char *operation,
			const char *(*fn)(struct call *, struct folder *))
{
	reply_begin(call, operation);
	const xmlNode *id = node_first(node_child(call->op, "FolderIds"));
	for (; id; id = node_next(id)) {
		const char *error;
		struct folder *folder = folder_asked(call, id, &error);
		if (folder)
			error = fn(call, folder);
		if (error) {
			message_error(call, operation, error);
			continue;
		}
		message_begin(call, operation);
		message_end(call, operation);
	}
	reply_end(call, operation);
}

void op_delete_folder(struct call *call)
{
	each_folder(call, "DeleteFolder", delete_folder);
}

void op_empty_folder(struct call *call)
{
	each_folder(call, "EmptyFolder", empty_folder);
}
