/* SPDX-License-Identifier: MIT */
#include "folder_xml.h"

#include <string.h>

#include "whose.h"

enum field {
	PARENT_ID,
	FOLDER_CLASS,
	DISPLAY_NAME,
	TOTAL_COUNT,
	CHILD_COUNT,
	RIGHTS,
	DISTINGUISHED,
	UNREAD_COUNT,
	FIELD_COUNT
};

static const struct {
	const char *uri;
	enum shape_base from; /* the first base shape that has it; SHAPE_ALL + 1: none */
} fields[FIELD_COUNT] = {
	[PARENT_ID] = { "folder:ParentFolderId", SHAPE_ALL },
	[FOLDER_CLASS] = { "folder:FolderClass", SHAPE_ALL },
	[DISPLAY_NAME] = { "folder:DisplayName", SHAPE_DEFAULT },
	[TOTAL_COUNT] = { "folder:TotalCount", SHAPE_DEFAULT },
	[CHILD_COUNT] = { "folder:ChildFolderCount", SHAPE_DEFAULT },
	[RIGHTS] = { "folder:EffectiveRights", SHAPE_ALL },
	[DISTINGUISHED] = { "folder:DistinguishedFolderId", SHAPE_ALL + 1 },
	[UNREAD_COUNT] = { "folder:UnreadCount", SHAPE_DEFAULT },
};

/* Valid, and never set here. */
static const char *const other_fields[] = {
	"folder:FolderId",
	"folder:SearchParameters",
	"folder:ManagedFolderInformation",
	"folder:PermissionSet",
	"folder:SharingEffectiveRights",
	"folder:PolicyTag",
	"folder:ArchiveTag",
	"folder:ReplicaList",
};

bool folder_want(struct shape *shape, const char *uri)
{
	for (size_t i = 0; i < FIELD_COUNT; i++)
		if (strcmp(fields[i].uri, uri) == 0)
			return shape->wanted[i] = true;
	for (size_t i = 0; i < ARRAY_LEN(other_fields); i++)
		if (strcmp(other_fields[i], uri) == 0)
			return true;
	return false;
}

static bool wants(const struct shape *shape, enum field field)
{
	return shape->wanted[field] || shape->base >= fields[field].from;
}

void folder_write_id(struct xml *out, const struct folder *folder)
{
	const struct identity *identity = &folder->box->identity;
	char id[FOLDER_ID_SIZE], key[CHANGE_KEY_SIZE];

	id_print_folder(identity, folder->fid, id);
	key_print(identity, folder_kind_info(folder->kind)->key_type, folder->change_seq, key);
	xml_rawf(out, "<t:FolderId Id=\"%s\" ChangeKey=\"%s\"/>", id, key);
}

static void write_parent(struct xml *out, const struct identity *identity, uint64_t fid)
{
	char id[FOLDER_ID_SIZE];

	id_print_folder(identity, fid, id);
	xml_rawf(out, "<t:ParentFolderId Id=\"%s\"%s/>", id,
		 identity->bare ? "" : " ChangeKey=\"AQAAAA==\"");
}

void folder_write_parent_id(struct xml *out, const struct folder *parent)
{
	if (parent)
		write_parent(out, &parent->box->identity, parent->fid);
}

static void write_tag(struct xml *out, const struct folder *folder, const struct shape_tag *tag)
{
	const struct identity *identity = &folder->box->identity;
	uint8_t bytes[PCL_MAX_BYTES];

	switch (tag->tag) {
	case 0x10f4: tag_write_bool(out, tag, folder->hidden); break;
	case 0x360a: tag_write_bool(out, tag, folder_children_n(folder->box, folder) > 0); break;
	case 0x3602: tag_write_int(out, tag, (int64_t)folder->items_n); break;
	case 0x3603: tag_write_int(out, tag, (int64_t)folder->unread_n); break;
	case 0x6751: tag_write_int(out, tag, (int64_t)folder->box->next_id); break;
	case 0x670b: tag_write_int(out, tag, folder->deleted_n); break;
	case 0x670a: tag_write_time(out, tag, folder->commit_time); break;
	case 0x3001: tag_write(out, tag, folder->name); break;
	case 0x3613: tag_write(out, tag, folder_kind_info(folder->kind)->folder_class); break;
	case 0x65e2:
		xid_put(identity->replica, folder->change_seq, bytes);
		tag_write_binary(out, tag, bytes, XID_BYTES);
		break;
	case 0x65e3:
		tag_write_binary(out, tag, bytes, pcl_put(identity, folder->change_seq, 0, bytes));
		break;
	default: break;
	}
}

static const char rights[] = "<t:EffectiveRights><t:CreateAssociated>true</t:CreateAssociated>"
			     "<t:CreateContents>true</t:CreateContents>"
			     "<t:CreateHierarchy>true</t:CreateHierarchy><t:Delete>true</t:Delete>"
			     "<t:Modify>true</t:Modify><t:Read>true</t:Read></t:EffectiveRights>";

void folder_write(struct xml *out, const struct folder *folder, const struct shape *shape)
{
	const struct folder_kind_info *info = folder_kind_info(folder->kind);

	xml_open(out, info->element);
	folder_write_id(out, folder);
	if (wants(shape, PARENT_ID) && folder->shown_parent)
		write_parent(out, &folder->box->identity, folder->shown_parent);
	else if (wants(shape, PARENT_ID))
		folder_write_parent_id(out, folder->parent);
	if (wants(shape, FOLDER_CLASS) && folder->parent)
		xml_element(out, "t:FolderClass", info->folder_class);
	if (wants(shape, DISPLAY_NAME))
		xml_element(out, "t:DisplayName", folder->name);
	if (wants(shape, TOTAL_COUNT))
		xml_element_int(out, "t:TotalCount", (int64_t)folder->items_n);
	if (wants(shape, CHILD_COUNT))
		xml_element_int(out, "t:ChildFolderCount",
				(int64_t)folder_children_n(folder->box, folder));
	for (size_t i = 0; i < shape->tags_n; i++)
		write_tag(out, folder, &shape->tags[i]);
	if (wants(shape, RIGHTS))
		xml_raw(out, rights);
	if (wants(shape, DISTINGUISHED))
		xml_element(out, "t:DistinguishedFolderId", folder->distinguished);
	if (wants(shape, UNREAD_COUNT) &&
	    (folder->kind == FOLDER_MAIL || folder->kind == FOLDER_TASKS))
		xml_element_int(out, "t:UnreadCount", (int64_t)folder->unread_n);
	xml_close(out, info->element);
}

static struct folder *distinguished(struct call *call, const xmlNode *node, const char **ret_error)
{
	struct mailbox *box = whose_distinguished(call, node, ret_error);

	if (!box)
		return NULL;
	*ret_error = box == call->box ? "ErrorFolderNotFound" : "ErrorAccessDenied";
	return box == call->box ? mailbox_distinguished(box, node_attr(node, "Id")) : NULL;
}

static struct folder *find_asked(struct call *call, const xmlNode *node, const char **ret_error)
{
	struct folder *folder = NULL;
	uint64_t fid, mid;

	if (node_is(node, "DistinguishedFolderId"))
		return distinguished(call, node, ret_error);
	switch (id_parse(&call->box->identity, node_attr(node, "Id"), &fid, &mid)) {
	case ID_FOLDER:
		folder = mailbox_folder(call->box, fid);
		*ret_error = "ErrorItemNotFound";
		break;
	case ID_FOREIGN: *ret_error = "ErrorAccessDenied"; break;
	default: *ret_error = "ErrorInvalidIdMalformed"; break;
	}
	return folder;
}

struct folder *folder_asked(struct call *call, const xmlNode *node, const char **ret_error)
{
	struct folder *folder = find_asked(call, node, ret_error);

	if (!folder || (!folder->denied && whose_may(call, folder)))
		return folder;
	*ret_error = "ErrorAccessDenied";
	return NULL;
}
