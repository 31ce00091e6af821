/* SPDX-License-Identifier: MIT */
#include <libxml/parser.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "http.h"
#include "options.h"

/*
 * ews-testd - a small Exchange for tests, demos and benchmarks. options.h has its
 * command line, control.h what tests can do to it while it runs.
 */

static void announce(const struct options *options, uint16_t port)
{
	printf("%s://%s:%u/EWS/Exchange.asmx\n", options->http.cert ? "https" : "http",
	       options->http.address, port);
	fflush(stdout);
	if (options->ready_fd < 0)
		return;
	if (write(options->ready_fd, "\n", 1) != 1)
		perror("ews-testd: --ready-fd");
	close(options->ready_fd);
}

static void wait_for_end(const sigset_t *signals)
{
	int signal;

	while (sigwait(signals, &signal) != 0)
		;
}

int main(int argc, char **argv)
{
	/* Released from the last to the first: connections end before what they use. */
	AUTO(server) struct server server;
	AUTO(options) struct options options;
	AUTO(http) struct http *http = NULL;
	sigset_t signals;
	uint16_t port;

	server_init(&server);
	xmlInitParser();
	/* Blocked before the first thread, so that only main gets them. */
	sigemptyset(&signals);
	sigaddset(&signals, SIGINT);
	sigaddset(&signals, SIGTERM);
	sigprocmask(SIG_BLOCK, &signals, NULL);
	signal(SIGPIPE, SIG_IGN);
	if (!options_read(argc, argv, &server, &options))
		return EXIT_FAILURE;
	if (http_open(&options.http, &server, &http, &port)) {
		fprintf(stderr, "ews-testd: cannot listen on %s:%u\n", options.http.address,
			options.http.port);
		return EXIT_FAILURE;
	}
	announce(&options, port);
	wait_for_end(&signals);
	return EXIT_SUCCESS;
}
