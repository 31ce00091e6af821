/* SPDX-License-Identifier: MIT */
#include "discover/srv.h"

#include <ares.h>
#include <arpa/nameser.h>
#include <poll.h>
#include <pthread.h>
#include <stdbool.h>
#include <string.h>

#include "base/clock.h"

enum { HTTPS_PORT = 443, TICK_MS = 200, TRY_MS = 1500, TRIES = 2 };

/* A question under way. */
struct question {
	bool is_done;
	enum err err;
	struct buf *host;
};

static void channel_release(ares_channel *channel)
{
	if (*channel)
		ares_destroy(*channel);
	*channel = NULL;
}

static bool is_host(const char *text)
{
	size_t n = strlen(text);

	return n > 0 && n < 256 &&
	       strspn(text, "abcdefghijklmnopqrstuvwxyz"
			    "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_") == n;
}

static const struct ares_srv_reply *choose(const struct ares_srv_reply *list)
{
	const struct ares_srv_reply *best = NULL;

	for (; list; list = list->next)
		if (is_host(list->host) &&
		    (!best || list->priority < best->priority ||
		     (list->priority == best->priority && list->weight > best->weight)))
			best = list;
	return best;
}

static void on_answer(void *ctx, int status, int timeouts, unsigned char *bytes, int n)
{
	struct question *question = ctx;
	struct ares_srv_reply *list = NULL;
	(void)timeouts;

	question->is_done = true;
	question->err = ERR_NOT_FOUND;
	if (status != ARES_SUCCESS || ares_parse_srv_reply(bytes, n, &list) != ARES_SUCCESS)
		return;
	const struct ares_srv_reply *best = choose(list);
	if (best && best->port == HTTPS_PORT)
		question->err = buf_append_str(question->host, best->host);
	else if (best)
		question->err = buf_printf(question->host, "%s:%u", best->host,
					   (unsigned)best->port);
	ares_free_data(list);
}

/* One look at its sockets. poll(2), since the number of a socket may be too high for select(2). */
static void tend(ares_channel channel)
{
	ares_socket_t fds[ARES_GETSOCK_MAXNUM];
	struct pollfd polls[ARES_GETSOCK_MAXNUM];
	int bits = ares_getsock(channel, fds, ARES_GETSOCK_MAXNUM);
	nfds_t n = 0;

	for (int i = 0; i < ARES_GETSOCK_MAXNUM; i++) {
		short events = (short)((ARES_GETSOCK_READABLE(bits, i) ? POLLIN : 0) |
				       (ARES_GETSOCK_WRITABLE(bits, i) ? POLLOUT : 0));
		if (events)
			polls[n++] = (struct pollfd){ .fd = fds[i], .events = events };
	}
	if (poll(polls, n, TICK_MS) <= 0)
		n = 0;
	for (nfds_t i = 0; i < n; i++) {
		bool in = polls[i].revents & ~POLLOUT, out = polls[i].revents & POLLOUT;
		ares_process_fd(channel, in ? polls[i].fd : ARES_SOCKET_BAD,
				out ? polls[i].fd : ARES_SOCKET_BAD);
	}
	ares_process_fd(channel, ARES_SOCKET_BAD, ARES_SOCKET_BAD); /* its own limits on time */
}

static void init(void)
{
	ares_library_init(ARES_LIB_INIT_ALL);
}

enum err srv_find(const char *domain, int64_t limit_ms, const atomic_bool *stop, struct buf *ret)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	struct ares_options options = { .timeout = TRY_MS, .tries = TRIES };
	AUTO(channel) ares_channel channel = NULL;
	AUTO(buf) struct buf name = { 0 };
	struct question question = { .host = ret };

	pthread_once(&once, init);
	enum err err = buf_printf(&name, "_autodiscover._tcp.%s", domain);
	if (err)
		return err;
	if (ares_init_options(&channel, &options, ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES) !=
	    ARES_SUCCESS)
		return ERR_NOT_FOUND;
	ares_query(channel, buf_str(&name), ns_c_in, ns_t_srv, on_answer, &question);
	int64_t end_ms = clock_boot_ms() + limit_ms;
	while (!question.is_done && clock_boot_ms() < end_ms && !(stop && atomic_load(stop)))
		tend(channel);
	if (stop && atomic_load(stop))
		return ERR_CANCELLED;
	return question.is_done ? question.err : ERR_NOT_FOUND;
}
