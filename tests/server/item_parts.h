/* SPDX-License-Identifier: MIT */
#ifndef SERVER_ITEM_PARTS_H
#define SERVER_ITEM_PARTS_H

#include "item_xml.h"

/* item_parts - one function for each property that is more than a member of props. */
/* clang-format off */
#define ITEM_PARTS(X) \
	X(mime) X(id) X(parent) X(body) X(text_body) X(attachments) X(received) X(size) X(categories) \
	X(draft) X(headers) X(created) X(display_cc) X(display_to) X(culture) X(rights) \
	X(modified_name) X(modified) X(conversation) X(flag) X(instance_key) X(sender) \
	X(to) X(cc) X(conversation_index) X(from) X(read) X(posted) X(response_type) \
	X(stamp) X(request_type) X(intended_status) X(busy) X(is_meeting) X(calendar_type) \
	X(my_response) X(organizer) X(required) X(optional) X(duration) X(time_zone) \
	X(sequence) X(state) X(recurrence) X(complete_name) X(email_addresses) X(addresses) \
	X(phones) X(file_as) X(members) X(is_complete) X(owner) X(percent) X(task_recurrence)
/* clang-format on */

#define X(name) void part_##name(struct xml *out, struct item_view *view);
ITEM_PARTS(X)
#undef X

/* <t:Mailbox>, as it stands below From, an Attendee or a Member. */
void mailbox_write(struct xml *out, const struct person *person);
/* "Anna; Bob", as PR_DISPLAY_TO has it. Appended. */
MUST_CHECK enum err people_print(struct buf *buf, const struct person *people, size_t n);

#endif
