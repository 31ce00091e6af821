/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <string.h>

#include "item_parts.h"

/* PR_MESSAGE_FLAGS: read, unsent, has attachments. */
static int message_flags(const struct item *item)
{
	return (item->read ? 0x01 : 0) | (item->draft ? 0x08 : 0) |
	       (item_has_attachments(item) ? 0x10 : 0);
}

static void write_people(struct xml *out, const struct shape_tag *tag, const struct person *people,
			 size_t n)
{
	AUTO(buf) struct buf names = { 0 };

	if (!out->err)
		out->err = people_print(&names, people, n);
	tag_write(out, tag, buf_str(&names));
}

/* The first tenth of a mailbox's seeds came from another server once. */
size_t item_predecessors(const struct item *item, uint8_t bytes[PCL_MAX_BYTES])
{
	const struct identity *identity = &item->folder->box->identity;
	uint64_t older = item->seed % 10 == 0 ? 1 + item->seed % 0xffffff : 0;
	size_t n = pcl_put(identity, item->key - (item->pcl == PCL_BELOW_KEY), older, bytes);

	if (item->pcl == PCL_LACKS_KEY) {
		xid_put(identity->elsewhere, older ? older : 1, bytes + 1);
		n = 1 + XID_BYTES;
	} else if (item->pcl == PCL_GARBLED) {
		bytes[0] = 200; /* more than there is */
	}
	return n;
}

static void write_list(struct xml *out, const struct shape_tag *tag, const struct item *item)
{
	uint8_t bytes[PCL_MAX_BYTES];

	tag_write_binary(out, tag, bytes, item_predecessors(item, bytes));
}

static void write_change_key(struct xml *out, const struct shape_tag *tag, const struct item *item)
{
	uint8_t bytes[XID_BYTES];

	xid_put(item->folder->box->identity.replica, item->key, bytes);
	tag_write_binary(out, tag, bytes, sizeof(bytes));
}

/* It survives a move, unlike the id. */
static void write_search_key(struct xml *out, const struct shape_tag *tag, const struct item *item)
{
	uint8_t bytes[16];

	memcpy(bytes, &item->seed, 8);
	memcpy(bytes + 8, &item->created, 8);
	tag_write_binary(out, tag, bytes, sizeof(bytes));
}

static void write_headers(struct xml *out, const struct shape_tag *tag, struct item_view *view)
{
	AUTO(buf) struct buf mime = { 0 };

	if (view->item->kind >= KIND_APPOINTMENT)
		return;
	if (!out->err)
		out->err = item_mime(view->item, view_props(view), &mime);
	char *end = strstr(buf_str(&mime), "\r\n\r\n");
	if (end)
		end[2] = '\0';
	tag_write(out, tag, buf_str(&mime));
}

static bool is_person(enum kind kind)
{
	return kind == KIND_CONTACT || kind == KIND_LIST;
}

static void write_text_tag(struct xml *out, struct item_view *view, const struct shape_tag *tag)
{
	const struct props *props = view_props(view);

	switch (tag->tag) {
	case 0x001a: tag_write(out, tag, props->item_class); break;
	case 0x0037:
	case 0x0e1d: tag_write(out, tag, props->subject); break;
	case 0x0042:
	case 0x0c1a: tag_write(out, tag, props->from.name); break;
	case 0x5d01:
	case 0x5d02: tag_write(out, tag, props->from.address); break;
	case 0x007d: write_headers(out, tag, view); break;
	case 0x0e03: write_people(out, tag, props->cc, props->cc_n); break;
	case 0x0e04: write_people(out, tag, props->to, props->to_n); break;
	case 0x1035: tag_write(out, tag, props->message_id); break;
	case 0x1042: tag_write(out, tag, props->in_reply_to); break;
	case 0x3001:
		if (is_person(view->item->kind))
			tag_write(out, tag, props->subject);
		break;
	default: break;
	}
}

static void write_tag(struct xml *out, struct item_view *view, const struct shape_tag *tag)
{
	const struct item *item = view->item;

	switch (tag->tag) {
	case 0x0039: tag_write_time(out, tag, view_props(view)->sent); break;
	case 0x0e06: tag_write_time(out, tag, item->received); break;
	case 0x0e07: tag_write_int(out, tag, message_flags(item)); break;
	case 0x0e08: tag_write_int(out, tag, item->size); break;
	case 0x0e1b: tag_write_bool(out, tag, view_props(view)->has_attachments); break;
	case 0x0e23: tag_write_int(out, tag, (int64_t)item->mid); break;
	case 0x0e69: tag_write_bool(out, tag, item->read); break;
	case 0x1090:
		if (item->flag)
			tag_write_int(out, tag, item->flag);
		break;
	case 0x3007: tag_write_time(out, tag, item->created); break;
	case 0x3008: tag_write_time(out, tag, item->modified); break;
	case 0x300b: write_search_key(out, tag, item); break;
	case 0x65e2: write_change_key(out, tag, item); break;
	case 0x65e3: write_list(out, tag, item); break;
	default: write_text_tag(out, view, tag); break;
	}
}

static bool write_edit(struct xml *out, const struct item *item, const char *key)
{
	const struct edit *edit = edits_find(item->edits, key);

	if (edit && edit->value)
		xml_node(out, edit->value);
	return edit != NULL;
}

void item_write_tags(struct xml *out, struct item_view *view)
{
	const struct shape *shape = view->shape;
	char key[EDIT_KEY_SIZE];

	for (size_t i = 0; i < shape->tags_n; i++) {
		snprintf(key, sizeof(key), "x:0x%x:%s", shape->tags[i].tag, shape->tags[i].type);
		if (!view->item->edits || !write_edit(out, view->item, key))
			write_tag(out, view, &shape->tags[i]);
	}
	for (size_t i = 0; view->item->edits && i < shape->named_n; i++) {
		edit_key(shape->named[i], key);
		write_edit(out, view->item, key);
	}
}
