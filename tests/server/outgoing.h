/* SPDX-License-Identifier: MIT */
#ifndef SERVER_OUTGOING_H
#define SERVER_OUTGOING_H

#include <microhttpd.h>

#include "base/buf.h"
#include "fault.h"

struct stream;

/*
 * outgoing - the body of a reply on its way to the client, whole or hurt.
 *
 * What a fault slows down is slept for in the thread of the connection.
 */

/* Takes over the bytes, and a stream that goes on behind them. `chunked`, or with a Content-Length. */
struct MHD_Response *outgoing_new(struct buf *buf, bool chunked, struct MHD_Connection *connection,
				  struct faults *faults, const struct strikes *strikes,
				  struct stream *stream);

/* Ends the connection with an RST: whatever MHD does with it after that is in vain. */
void connection_reset(struct MHD_Connection *connection);
/* All of it, as bytes; only where there is no TLS. */
void connection_write(struct MHD_Connection *connection, const char *bytes, size_t n);

#endif
