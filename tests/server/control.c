/* SPDX-License-Identifier: MIT */
#include "control.h"

int control_answer(struct server *server, const struct control_request *request, struct buf *ret)
{
	(void)server;
	(void)request;
	return buf_append_str(ret, "{}") ? 500 : 404;
}
