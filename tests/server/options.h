/* SPDX-License-Identifier: MIT */
#ifndef SERVER_OPTIONS_H
#define SERVER_OPTIONS_H

#include "http.h"

/*
 * options - the command line.
 *
 *   --listen ADDR:PORT                       default 127.0.0.1:0; port 0 picks one
 *   --user NAME:PASSWORD                     a login, with a mailbox; may be repeated
 *   --mail USER:FOLDER:PATH                  loads .eml files, a Maildir or an mbox; may be repeated
 *   --synthetic USER:FOLDERS:ITEMS:BYTES[:SEED]   makes a mailbox; once a user
 *   --schema DIR                             requests are held against messages.xsd
 *   --auth basic|bearer[+...]                what is offered, and taken; default basic
 *   --token T[:SECONDS]                      an access token of the first user's, good so long from now
 *   --tls CERT:KEY                           PEM files
 *   --like NAME                              exchange2019, or another name in like.c
 *   --clock-rate N                           its time goes N times as fast: heartbeats, tokens, subscriptions
 *   --archive USER                           an archive; see whose.h for these
 *   --recoverable USER                       recoverable items
 *   --public                                 public folders
 *   --delegate OWNER:USER[:FOLDER]           USER may look into OWNER's mailbox, or that folder
 *   --impersonator USER                      may act as anybody
 *   --ready-fd N                             a byte is written there when it listens
 *
 * A user named by --mail or --synthetic needs a --user of its own, before or after.
 */
struct options {
	struct http_options http;
	char *address, *cert, *key; /* owned; http lends them */
	char *token;		    /* of the command line; NULL: none */
	int ready_fd;
};

/* Fills server and *ret; false, after one line on stderr, for what it cannot do. */
bool options_read(int argc, char **argv, struct server *server, struct options *ret);
void options_release(struct options *options);

#endif
