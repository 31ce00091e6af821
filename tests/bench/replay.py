# SPDX-License-Identifier: MIT
"""What a client asks of the server, recorded on the way, and asked again by curl, which throws the replies away."""
import http.client
import http.server
import socket
import threading

import ewsfs
import machine

CONNECTIONS_N = 4
KEPT_HEADERS = ("Content-Type", "Set-Cookie", "WWW-Authenticate")


class Handler(http.server.BaseHTTPRequestHandler):
    """One connection of the client, and one to the server."""
    protocol_version = "HTTP/1.1"

    def setup(self):
        super().setup()
        self.connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.upstream = http.client.HTTPConnection("127.0.0.1", self.server.upstream_port)

    def finish(self):
        self.upstream.close()
        super().finish()

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.upstream.request("POST", self.path, body, dict(self.headers))
        reply = self.upstream.getresponse()
        answer = reply.read()
        if reply.status == 200:
            self.server.recorded.append((body, len(answer)))
        self.send_response(reply.status)
        for name in KEPT_HEADERS:
            for value in reply.headers.get_all(name, ()):
                self.send_header(name, value)
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *_):
        pass


class Recorder(http.server.ThreadingHTTPServer):
    """Stands before a server; `url` is for the client."""
    daemon_threads = True

    def __init__(self, server):
        super().__init__(("127.0.0.1", 0), Handler)
        self.upstream_port = server.port
        self.recorded = []
        self.url = server.url.replace(f":{server.port}/", f":{self.server_port}/")
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def stop(self):
        self.shutdown()
        self.server_close()


def record_initial_sync(server, place):
    """[(body of a request, bytes of its reply)] of a first sync, in the order of the replies."""
    recorder = Recorder(server)
    mount = ewsfs.Mount(recorder.url, place / "recorded", place / "recorded.db")
    try:
        mount.update()
    finally:
        mount.close()
        recorder.stop()
    return recorder.recorded


class Loop:
    """The recorded requests by curl, on four connections: the server's own rate."""

    def __init__(self, server, recorded, place):
        self.expected = len(recorded), sum(answer_n for _, answer_n in recorded)
        bodies = place / "requests"
        bodies.mkdir()
        parts = []
        for index, (body, _) in enumerate(recorded):
            path = bodies / str(index)
            path.write_bytes(body)
            parts.append(
                f'url = "{server.url}"\nuser = "{ewsfs.USER}:{ewsfs.PASSWORD}"\ndata-binary = "@{path}"\n'
                'header = "Content-Type: text/xml; charset=utf-8"\nheader = "Expect:"\nno-progress-meter\noutput = "/dev/null"\n'
                'write-out = "%{http_code} %{size_download}\\n"\n')
        self.config = bodies / "curl"
        self.config.write_text("next\n".join(parts))

    def run(self):
        """(seconds, (requests answered, bytes of replies))."""
        took, printed = machine.timed("curl", "--parallel", "--parallel-max", CONNECTIONS_N, "-K", self.config)
        answers = [line.split() for line in printed.splitlines()]
        return took, (sum(code == b"200" for code, _ in answers), sum(int(size) for _, size in answers))
