/* SPDX-License-Identifier: MIT */
#include "like.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "synth.h"

#define SOAP "http://schemas.xmlsoap.org/soap/envelope/"
#define TYPES "http://schemas.microsoft.com/exchange/services/2006/types"
#define XSD "http://www.w3.org/2001/XMLSchema"
#define XSI "http://www.w3.org/2001/XMLSchema-instance"

#define VERSION(major, minor, build, revision, schema) \
	"MajorVersion=\"" major "\" MinorVersion=\"" minor "\" MajorBuildNumber=\"" build \
	"\" MinorBuildNumber=\"" revision "\" Version=\"" schema "\""

/* The names that the Header declares come in another order by version, or stand elsewhere. */
#define EXCHANGE(names, on_body) \
	.before_version = "<?xml version=\"1.0\" encoding=\"utf-8\"?><s:Envelope xmlns:s=\"" SOAP \
			  "\"><s:Header><h:ServerVersionInfo ", \
	.after_version = " xmlns:h=\"" TYPES "\"" names "/></s:Header><s:Body" on_body ">", \
	.end = "</s:Body></s:Envelope>", .heartbeat_ms = 45000, .backlog = 60000
#define DEFAULT_NS " xmlns=\"" TYPES "\""
#define XSD_NS " xmlns:xsd=\"" XSD "\""
#define XSI_NS " xmlns:xsi=\"" XSI "\""

/* The usual one first. */
static const struct like all[] = {
	{
		.name = "exchange2019",
		.version = VERSION("15", "2", "1748", "10", "V2017_07_11"),
		EXCHANGE(DEFAULT_NS XSD_NS XSI_NS, XSI_NS XSD_NS),
		.on_operation = "",
		.product = "Microsoft-IIS/10.0",
		.asp_net = "4.0.30319",
		.subscriptions = 5000,
		.streams = 10,
	},
	{
		.name = "exchange2013",
		.version = VERSION("15", "0", "1156", "2", "V2_23"),
		EXCHANGE(DEFAULT_NS XSD_NS XSI_NS, XSI_NS XSD_NS),
		.on_operation = "",
		.newest = "Exchange2013_SP1",
		.product = "Microsoft-IIS/8.5",
		.asp_net = "4.0.30319",
		.names_client = true,
		.subscriptions = 5000,
		.streams = 3,
	},
	{
		.name = "exchange2010",
		.version = VERSION("14", "3", "195", "1", "Exchange2010_SP2"),
		EXCHANGE(DEFAULT_NS XSI_NS XSD_NS, XSI_NS XSD_NS),
		.on_operation = "",
		.newest = "Exchange2010_SP2",
		.product = "Microsoft-IIS/7.5",
		.asp_net = "2.0.50727",
		.nameless = true,
		.subscriptions = 20,
		.streams = 10,
	},
	{
		.name = "online",
		.version = VERSION("15", "20", "178", "14", "V2017_07_11"),
		EXCHANGE(XSD_NS XSI_NS, ""),
		.on_operation = XSD_NS XSI_NS,
		.product = "Microsoft-IIS/10.0",
		.asp_net = "4.0.30319",
		.two_front_ends = true,
		.packed_ids = true,
		.subscriptions = 20,
		.streams = 10,
	},
	{
		.name = "gromox",
		.version = VERSION("15", "0", "847", "4040", "V2017_07_11"),
		.before_version = "<?xml version=\"1.0\" encoding=\"UTF-8\"?><SOAP:Envelope "
				  "xmlns:SOAP=\"" SOAP "\" xmlns:xsi=\"" XSI "\" xmlns:xsd=\"" XSD
				  "\"><SOAP:Header><t:ServerVersionInfo xmlns:t=\"" TYPES "\" ",
		.after_version = "/></SOAP:Header><SOAP:Body>",
		.end = "</SOAP:Body></SOAP:Envelope>",
		.on_operation = "",
		.bare_http = true,
		.bare_ids = true,
		.plain_faults = true,
		.second_after_fault = true,
		.ids_fault = true,
		.deletes_first = true,
		.any_state = true,
		.deleted_speak = true,
		.read_is_update = true,
		.keys_ignored = true,
		.mime_varies = true,
		.heartbeat_ms = 45000,
		.look_ms = 5000,
		.subscriptions = 5000,
		.streams = 10,
		.backlog = 4000,
		.backlog_kills = true,
		.one_declaration = true,
	},
};

const struct like *like_named(const char *name)
{
	for (size_t i = 0; i < ARRAY_LEN(all); i++)
		if (strcmp(all[i].name, name) == 0)
			return &all[i];
	return NULL;
}

const struct like *like_usual(void)
{
	return &all[0];
}

/* Letters that are no digits' neighbours: the same for each place of one reply. */
static void draw(char *at, size_t n)
{
	static uint64_t turn;
	struct rng rng = { (uint64_t)clock_wall_ns() +
			   __atomic_add_fetch(&turn, 1, __ATOMIC_RELAXED) };

	for (size_t i = 0; i < n; i++)
		at[i] = "0123456789ABCDEF"[rng_below(&rng, 16)];
}

/* boundary="..." or boundary=..., wherever it stands: parts have boundaries of their own. */
void like_vary_mime(struct buf *mime)
{
	static const char name[] = "boundary=";
	char old[128], fresh[128];

	for (char *at = mime->bytes; at && (at = strstr(at, name)) != NULL;) {
		at += sizeof(name) - 1;
		at += *at == '"';
		size_t n = strcspn(at, "\"\r\n; ");
		if (n < 8 || n >= sizeof(old))
			continue;
		memcpy(old, at, n);
		old[n] = '\0';
		draw(fresh, n);
		for (char *place = mime->bytes; (place = strstr(place, old)) != NULL; place += n)
			memcpy(place, fresh, n);
		at += n;
	}
}
