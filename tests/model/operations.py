# SPDX-License-Identifier: MIT
"""Random operations of other clients on a mailbox, and what goes wrong on the way to it."""
import urllib.error

ITEMS_MOST, FOLDERS_MOST, DEPTH_MOST = 90, 22, 5
CLASSES = ("IPM.Note",) * 4 + ("IPM.Appointment", "IPM.Contact", "IPM.Task")
FOLDER_CLASSES = ("IPF.Note", "IPF.Appointment", "IPF.Contact", "IPF.Task")
WORDS = (
    "Report", "über", "Re:", "a/b", "c:\\d", "what?", "<tag>", "|pipe|", '"quoted"', "*", "...",
    "-", "--x", ".", "~", " ", "zero", "x" * 70, "é" * 60, "日本語", "e\u0301",
    "\u1100\u1161\u11a8", "\ud55c", "\U0001F468\u200d\U0001F469\u200d\U0001F467",
    "\U0001F1E9\U0001F1EA", "\U0001F44D\U0001F3FD", "\u202egpj.exe", "\ufeff", "\u200b", "\u2028",
    "\u00a0", "\u3000", "tab\tbed", "x\u0338", "<\u0338", "\u212b", "\uff0f", "\uff1a", "\u0007",
    "\ufdd0", "\U0001FFFF", "e" + "\u0301" * 40, "\u05e9\u05dc\u05d5\u05dd", "\u0e01\u0e33",
    "\u0915\u094d\u0937\u093f",
)
REGRESSIONS = ({}, {"by": 3}, {"uncovered": True}, {"uncovered": "lower"}, {"garble": True})


def text(random, most=9):
    """A subject or a name as people and machines write them."""
    separator = random.choice((" ", " ", " ", "", "  "))
    return separator.join(random.choice(WORDS) for _ in range(random.randint(0, most)))


class Generator:
    """Draws operations that make sense for the mailbox as it was when the round began."""

    def __init__(self, random, folders):
        self.random = random
        self.folders = [folder for folder in folders.values() if folder["distinguished"] != "root"]
        self.by_id = {folder["id"]: folder for folder in self.folders}
        self.items = [(item, folder) for folder in self.folders for item in folder["items"]]
        self.parents = {folder["id"]: folder["parent_id"] for folder in self.folders}
        self.displaced = set()  # the folders that hiding and moving were about

    def folder(self, own=False):
        """Any; with own one that users made."""
        fit = [folder for folder in self.folders
               if not own or not folder["distinguished"]]
        return self.random.choice(fit)["id"] if fit else None

    def depth(self, folder_id):
        depth = 0
        while folder_id in self.parents:
            folder_id, depth = self.parents[folder_id], depth + 1
        return depth

    def item_and_class(self):
        if not self.items:
            return {}, ""
        item, folder = self.random.choice(self.items)
        return {"folder": folder["id"], "item": item["id"]}, item["class"]

    def item(self):
        return self.item_and_class()[0]

    # --- each makes one: its name and its words, or None where it makes no sense now ---

    def deliver(self):
        if len(self.items) >= ITEMS_MOST:
            return self.delete()
        draw = self.random
        more = {"subject": text(draw)} if draw.random() < 0.6 else {}
        size = draw.choice((1, 500, 3000, 9000)) if draw.random() < 0.97 else 1 << 20
        return "deliver", {"folder": self.folder(), "count": draw.randint(1, 5), "size": size,
                           "class": draw.choice(CLASSES), "read": draw.random() < 0.5, **more}

    def change(self):
        draw = self.random
        item, item_class = self.item_and_class()
        kind = draw.choice(("content", "content", "category", "flag", "subject", "importance",
                            "received", "class", "same_size"))
        root = draw.choice((".".join(item_class.split(".")[:2]), draw.choice(CLASSES)))
        more = {"content": {}, "same_size": {"same_size": True},
                "class": {"kind": kind, "class": root + draw.choice(("", ".X"))},
                "subject": {"kind": kind, "subject": text(draw)}}.get(kind, {"kind": kind})
        return "change", {**item, **more}

    def change_folder(self):
        return "change", {"folder": self.folder()}

    def move(self):
        return "move", {**self.item(), "to": self.folder()}

    def move_many(self):
        return "move", {"folder": self.folder(), "count": self.random.randint(1, 8),
                        "to": self.folder()}

    def move_folder(self):
        to = self.folder()
        if self.depth(to) >= DEPTH_MOST:
            return None
        folder = self.folder(own=True)
        self.displaced.add(folder)
        return "move", {"folder": folder, "to": to}

    def delete(self):
        return "delete", self.item()

    def delete_many(self):
        return "delete", {"folder": self.folder(), "count": self.random.randint(1, 6)}

    def delete_folder(self):
        if self.random.random() < 0.6:
            return None
        return "delete", {"folder": self.folder(own=True)}

    def flag(self):
        return "flag", self.item()

    def flag_folder(self):
        return "flag", {"folder": self.folder(), "read": self.random.random() < 0.5}

    def mkdir(self):
        parent = self.folder()
        if len(self.folders) >= FOLDERS_MOST or self.depth(parent) >= DEPTH_MOST:
            return self.delete_folder()
        return "mkdir", {"folder": parent, "name": text(self.random, 4) or "New",
                         "class": self.random.choice(FOLDER_CLASSES)}

    def rename(self):
        name = text(self.random, 4) or "Renamed"
        return "rename", {"folder": self.folder(own=True), "name": name}

    def hide(self):
        folder = self.folder(own=True)
        self.displaced.add(folder)
        return "hide", {"folder": folder, "hidden": self.random.random() < 0.4}

    def regress(self):
        return "regress", {**self.item(), **self.random.choice(REGRESSIONS)}

    def expire(self):
        """States are refused, or taken for none in silence: then deletes were never told."""
        folder = {"folder": self.folder()}
        if self.random.random() < 0.3:
            return "forget", self.random.choice((folder, {"hierarchy": True}))
        return "expire", self.random.choice((folder, folder, {"hierarchy": True}, {}))

    OFTEN = (deliver, deliver, change, change, change, move, delete, flag, flag)
    SELDOM = (change_folder, move_many, move_folder, delete_many, delete_folder, flag_folder,
              mkdir, mkdir, rename, rename, hide, hide, regress, regress)

    def draw(self):
        often = self.random.random() < 0.6
        made = self.random.choice(self.OFTEN if often else self.SELDOM)(self)
        is_whole = made and made[1].get("folder") and None not in made[1].values()
        return made if is_whole else self.deliver()

    def draw_many(self, most):
        return [self.draw() for _ in range(self.random.randint(1, most))]


def apply(server, operation):
    """True when the server did it: what it was about may be gone meanwhile."""
    name, words = operation
    try:
        more = {key: value for key, value in words.items() if key != "folder"}
        server.op(name, words.get("folder"), **more)
    except urllib.error.HTTPError as error:
        assert error.code == 400, (operation, error)
        return False
    return True
