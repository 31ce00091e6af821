/* SPDX-License-Identifier: MIT */
#include "props.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "compose.h"
#include "content.h"
#include "synth.h"

const char *const category_names[CATEGORIES][2] = {
	{ NULL, NULL },
	{ "Red category", NULL },
	{ "Projekte – Größe", NULL },
	{ "Customer", "Follow up" },
	{ "важно", NULL },
	{ "A & B <C>", NULL },
};

static const char *const importances[] = { NULL, "Low", "Normal", "High" };

bool item_has_attachments(const struct item *item)
{
	if (item->content)
		return content_has_attachments(item->content);
	return !item->composed && synth_has_attachment(item);
}

void item_describe(const struct item *item, struct props *ret)
{
	*ret = (struct props){
		.item_class = kind_info(item->kind)->item_class,
		.importance = "Normal",
		.sensitivity = "Normal",
		.sent = item->received,
		.start = TIME_NONE,
		.end = TIME_NONE,
		.birthday = TIME_NONE,
		.begin = TIME_NONE,
		.due = TIME_NONE,
		.completed = TIME_NONE,
	};
	if (item->content)
		content_describe(item->content, ret);
	else if (!item->composed)
		synth_describe(item, ret);
	if (item->edits || item->composed)
		compose_describe(item, ret);
	if (item->subject)
		ret->subject = item->subject;
	if (item->item_class)
		ret->item_class = item->item_class;
	if (item->importance)
		ret->importance = importances[item->importance];
}

enum err item_mime(const struct item *item, const struct props *props, struct buf *ret)
{
	if (item->content)
		return content_mime(item->content, ret);
	return item->composed ? compose_mime(item, props, ret) : synth_mime(item, props, ret);
}

const char *props_keep(struct props *props, const char *s)
{
	return props_printf(props, "%s", s);
}

const char *props_printf(struct props *props, const char *fmt, ...)
{
	char *at = props->text + props->text_n;
	size_t room = sizeof(props->text) - props->text_n;
	va_list args;

	va_start(args, fmt);
	int n = vsnprintf(at, room, fmt, args);
	va_end(args);
	if (n < 0 || (size_t)n >= room)
		return "";
	props->text_n += (size_t)n + 1;
	return at;
}
