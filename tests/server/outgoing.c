/* SPDX-License-Identifier: MIT */
#include "outgoing.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>

#include "stream.h"

#define BLOCK_BYTES ((size_t)256 << 10)
/* A drip falls so often. */
#define DRIP_MS 50
/* For the client to have read what came before the end. */
#define BEFORE_RESET_MS 30
#define WRITE_MS 5000

/* Owned by its MHD_Response. */
struct outgoing {
	struct buf buf;
	uint64_t start; /* where in the body it begins */
	struct stream *stream;
	struct MHD_Connection *connection;
	struct faults *faults;
	const struct fault *reset, *drip;
};

static int descriptor(struct MHD_Connection *connection)
{
	const union MHD_ConnectionInfo *info = MHD_get_connection_info(
		connection, MHD_CONNECTION_INFO_CONNECTION_FD);

	return info ? info->connect_fd : -1;
}

void connection_reset(struct MHD_Connection *connection)
{
	/* Dissolving a connection is how Linux sends an RST without closing the descriptor. */
	const struct sockaddr none = { .sa_family = AF_UNSPEC };

	if (connect(descriptor(connection), &none, sizeof(none)) != 0)
		shutdown(descriptor(connection), SHUT_RDWR);
}

void connection_write(struct MHD_Connection *connection, const char *bytes, size_t n)
{
	struct pollfd poller = { .fd = descriptor(connection), .events = POLLOUT };

	while (n > 0) {
		ssize_t sent = send(poller.fd, bytes, n, MSG_NOSIGNAL);
		if (sent < 0 && errno == EINTR)
			continue;
		if (sent < 0 && (errno != EAGAIN || poll(&poller, 1, WRITE_MS) <= 0))
			return;
		if (sent < 0)
			continue;
		bytes += sent;
		n -= (size_t)sent;
	}
}

/* How much may go out now, once it has been waited for. */
static size_t allowed(const struct outgoing *outgoing, uint64_t at, size_t n)
{
	if (outgoing->drip) {
		size_t drop = (size_t)(outgoing->drip->rate * DRIP_MS / 1000);
		faults_wait(outgoing->faults, DRIP_MS);
		n = n < drop ? n : drop ? drop : 1;
	}
	if (outgoing->reset && at + n > (uint64_t)outgoing->reset->bytes)
		n = (size_t)((uint64_t)outgoing->reset->bytes - at);
	return n;
}

/* More of the stream in the place of what has gone out; false at the end. */
static bool go_on(struct outgoing *outgoing, bool *ret_clean)
{
	size_t gone = outgoing->buf.len;

	if (!outgoing->stream)
		return false;
	if (!stream_next(outgoing->stream, descriptor(outgoing->connection), &outgoing->buf,
			 ret_clean)) {
		if (!*ret_clean)
			connection_reset(outgoing->connection);
		return false;
	}
	outgoing->start += gone;
	return true;
}

static ssize_t read_outgoing(void *ctx, uint64_t at, char *into, size_t max)
{
	struct outgoing *outgoing = ctx;
	const struct fault *reset = outgoing->reset;
	bool clean = true;

	if (reset && at >= (uint64_t)reset->bytes) {
		faults_wait(outgoing->faults, BEFORE_RESET_MS);
		connection_reset(outgoing->connection);
		return MHD_CONTENT_READER_END_WITH_ERROR;
	}
	if (at >= outgoing->start + outgoing->buf.len && !go_on(outgoing, &clean))
		return clean ? MHD_CONTENT_READER_END_OF_STREAM : MHD_CONTENT_READER_END_WITH_ERROR;
	size_t n = outgoing->buf.len - (at - outgoing->start);
	n = allowed(outgoing, at, n < max ? n : max);
	memcpy(into, outgoing->buf.bytes + (at - outgoing->start), n);
	return (ssize_t)n;
}

static void free_outgoing(void *ctx)
{
	struct outgoing *outgoing = ctx;

	buf_release(&outgoing->buf);
	stream_release(&outgoing->stream);
	free(outgoing);
}

struct MHD_Response *outgoing_new(struct buf *buf, bool chunked, struct MHD_Connection *connection,
				  struct faults *faults, const struct strikes *strikes,
				  struct stream *stream)
{
	struct outgoing *outgoing = must_alloc(NULL, sizeof(*outgoing));
	uint64_t n = chunked ? MHD_SIZE_UNKNOWN : buf->len;

	*outgoing = (struct outgoing){
		.buf = stream ? (struct buf){ 0 } : *buf,
		.stream = stream,
		.connection = connection,
		.faults = faults,
		.reset = strikes_find(strikes, FAULT_RESET),
		.drip = strikes_find(strikes, FAULT_DRIP),
	};
	/* What holds a stream back does so from its start. It may be silent for long. */
	if (stream) {
		stream->held = *buf;
		MHD_set_connection_option(connection, MHD_CONNECTION_OPTION_TIMEOUT, 0u);
	}
	*buf = (struct buf){ 0 };
	return MHD_create_response_from_callback(n, BLOCK_BYTES, read_outgoing, outgoing,
						 free_outgoing);
}
