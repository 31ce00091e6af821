# SPDX-License-Identifier: MIT
"""What stands between us and the server: it packs replies, strips heads, forgets connections, puts a mark before XML."""
import gzip
import http.client
import http.server
import threading

import ewsfs
import pytest


class Gateway(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, port, how):
        super().__init__(("127.0.0.1", 0), Handler)
        self.behind, self.how = port, how
        self.connections, self.requests = 0, 0
        self.seen = []  # heads of requests
        threading.Thread(target=self.serve_forever, daemon=True).start()


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = 30

    def setup(self):
        super().setup()
        self.server.connections += 1

    def do_POST(self):
        gateway, how = self.server, self.server.how
        gateway.requests += 1
        gateway.seen.append(dict(self.headers))
        body = self.rfile.read(int(self.headers["Content-Length"]))
        behind = http.client.HTTPConnection("127.0.0.1", gateway.behind)
        heads = {name: value for name, value in self.headers.items()
                 if not (how == "strip" and name.lower().startswith("x-"))}
        behind.request("POST", self.path, body, heads)
        reply = behind.getresponse()
        text = reply.read()
        if how == "mark":
            text = b"\xef\xbb\xbf" + text
        if how == "gzip":
            text = gzip.compress(text)
        self.send_response(reply.status)
        for name, value in reply.getheaders():
            if name.lower() in ("content-type", "set-cookie", "retry-after", "www-authenticate"):
                self.send_header(name, value)
        if how == "gzip":
            self.send_header("Content-Encoding", "gzip")
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)
        if how == "forget":
            self.close_connection = True  # without a word in the head

    def log_message(self, *args):
        pass


@pytest.mark.parametrize("how", ["gzip", "strip", "mark", "forget"])
def test_a_gateway_that_meddles_changes_nothing(small, new_mount, how):
    gateway = Gateway(small.port, how)
    mount = new_mount(f"http://127.0.0.1:{gateway.server_port}/EWS/Exchange.asmx")
    mount.update()
    for _ in range(3):
        small.op("deliver", "Inbox", count=2)
        small.op("change", "Inbox", count=2)
        mount.update()
    ewsfs.check_against(mount, small)
    mount.close()
    gateway.shutdown()
    assert all(head["Accept-Encoding"] == "gzip" and head["X-AnchorMailbox"] == ewsfs.USER for head in gateway.seen)
    assert len({head["client-request-id"] for head in gateway.seen}) == gateway.requests > 10
    assert any("exchangecookie=" in head.get("Cookie", "") for head in gateway.seen)
    assert gateway.connections == gateway.requests if how == "forget" else gateway.connections < gateway.requests
