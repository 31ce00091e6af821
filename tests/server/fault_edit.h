/* SPDX-License-Identifier: MIT */
#ifndef SERVER_FAULT_EDIT_H
#define SERVER_FAULT_EDIT_H

#include <stddef.h>

#include "fault.h"

/*
 * fault_edit - replies cut into their parts and put together otherwise.
 *
 * It works on the text, so that all that is not meant to change stays as it is to the
 * byte. The pieces point into the text.
 */
struct piece {
	const char *s;
	size_t n;
};

struct pieces {
	const char *head; /* all before the first */
	size_t head_n;
	struct piece *all; /* owned */
	size_t n;
	const char *tail; /* all behind the last */
};

/* The response messages of that operation. */
void pieces_of_messages(struct pieces *pieces, const char *text, const char *operation);
/* The changes of a page of SyncFolderItems or of the hierarchy. */
void pieces_of_changes(struct pieces *pieces, const char *text);
void pieces_release(struct pieces *pieces);

/* Does to the reply in call->out what the fault says. */
void edit_reply(struct call *call, const struct fault *fault);

#endif
