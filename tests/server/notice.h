/* SPDX-License-Identifier: MIT */
#ifndef SERVER_NOTICE_H
#define SERVER_NOTICE_H

#include "soap.h"
#include "watch.h"

/* notice - events as EWS tells them. */

/* As many in one notification as Exchange takes from its queue at once. */
#define NOTICE_EVENTS 50

/*
 * <m:Notification>, with the next events up to `until`, which count as told from here on; a
 * StatusEvent where there is none. True if there are more. Watermarks are for those who pull.
 */
bool notice_write(struct call *call, struct subscription *subscription, uint64_t until);
/* One that says nothing but that all is well. */
void notice_write_status(struct call *call, const struct subscription *subscription);

#endif
