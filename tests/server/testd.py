# SPDX-License-Identifier: MIT
"""Starts ews-testd for the tests of it, and says the few things of EWS that they need."""
import base64
import os
import pathlib
import subprocess
import urllib.error
import urllib.request
import json

from lxml import etree

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get("EWSFS_BUILD", ROOT / "build"))
BINARY = os.environ.get("EWS_TESTD", str(BUILD / "tests/server/ews-testd"))
SHARED = pathlib.Path(os.environ.get("EWSFS_SHARED", ROOT.parent / "shared")) / "ews"
SCHEMA = SHARED / "schema/V2018_01_08"

NS = {
    "s": "http://schemas.xmlsoap.org/soap/envelope/",
    "m": "http://schemas.microsoft.com/exchange/services/2006/messages",
    "t": "http://schemas.microsoft.com/exchange/services/2006/types",
}
TAG = {key: "{%s}" % value for key, value in NS.items()}


def envelope(body):
    """A request around the element of an operation."""
    names = " ".join(f'xmlns:{key}="{value}"' for key, value in NS.items())
    return (f'<s:Envelope {names}><s:Header><t:RequestServerVersion Version="Exchange2013_SP1"/>'
            f"</s:Header><s:Body>{body}</s:Body></s:Envelope>")


class Server:
    """One ews-testd, and one user who talks to it."""

    def __init__(self, *args, user="alice", password="secret"):
        self.user, self.password = user, password
        self.process = subprocess.Popen(
            [BINARY, "--listen", "127.0.0.1:0", "--user", f"{user}:{password}", *args],
            stdout=subprocess.PIPE, text=True)
        self.url = self.process.stdout.readline().strip()
        assert self.url, "ews-testd did not start"
        self.base = self.url[:self.url.index("/EWS/")]

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.terminate()
        status = self.process.wait()
        self.process.stdout.close()
        assert status == 0

    def raw(self, path, body=None, method=None, headers=None):
        """(status, headers, bytes) of one request."""
        data = body.encode() if isinstance(body, str) else body
        request = urllib.request.Request(self.base + path, data, headers or {}, method=method)
        try:
            with urllib.request.urlopen(request) as reply:
                return reply.status, reply.headers, reply.read()
        except urllib.error.HTTPError as error:
            return error.code, error.headers, error.read()

    def post(self, xml):
        """(status, text) of one EWS request."""
        login = base64.b64encode(f"{self.user}:{self.password}".encode()).decode()
        status, _, body = self.raw("/EWS/Exchange.asmx", xml, headers={
            "Content-Type": "text/xml; charset=utf-8", "Authorization": "Basic " + login})
        return status, body.decode()

    def ask(self, body):
        """The tree of the reply, which must not be a fault."""
        status, reply = self.post(envelope(body))
        assert status == 200, reply
        return parse(reply)

    def control(self, operation, **keys):
        """The ids that POST /test/OPERATION answers."""
        status, _, body = self.raw("/test/" + operation, json.dumps(keys), "POST")
        assert status == 200, body
        return json.loads(body)["ids"]

    def truth(self, mime=True):
        """{path: folder} of the whole mailbox, as the server itself sees it."""
        _, _, body = self.raw(f"/test/mailbox?user={self.user}&mime={int(mime)}")
        return {folder["path"]: folder for folder in json.loads(body)["folders"]
                if folder["distinguished"] != "root"}

    def sync(self, folder_id, state="", most=512):
        """One page: (state, is the last, [(change, id, change key, element)])."""
        known = f"<m:SyncState>{state}</m:SyncState>" if state else ""
        reply = self.ask(
            "<m:SyncFolderItems><m:ItemShape><t:BaseShape>IdOnly</t:BaseShape></m:ItemShape>"
            f'<m:SyncFolderId><t:FolderId Id="{folder_id}"/></m:SyncFolderId>{known}'
            f"<m:MaxChangesReturned>{most}</m:MaxChangesReturned></m:SyncFolderItems>")
        message = reply.find(".//m:SyncFolderItemsResponseMessage", NS)
        assert message.get("ResponseClass") == "Success", text(message, "m:ResponseCode")
        changes = []
        for change in message.find("m:Changes", NS):
            item = change.find(".//t:ItemId", NS)
            what = etree.QName(change).localname
            changes.append((what, item.get("Id"), item.get("ChangeKey"), change))
        last = text(message, "m:IncludesLastItemInRange") == "true"
        return text(message, "m:SyncState"), last, changes


def parse(reply):
    """A tree; the references to forbidden characters that Exchange sends are dropped."""
    return etree.fromstring(reply.encode(), etree.XMLParser(recover=True, huge_tree=True))


def text(element, path):
    """What the first element there holds, None without one."""
    return element.findtext(path, None, NS)
