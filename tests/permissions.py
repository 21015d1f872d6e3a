"""Who may do what: the table that test_permissions.py tests and docs/permissions.md shows."""

from collections.abc import Iterator
from dataclasses import dataclass, field

# Who there is, with the permissions on registries; True stands for accounts that may use the admin.
ROLES: dict[str, tuple[bool, tuple[str, ...]] | None] = {
    "visitor": None,
    "account": (False, ()),
    "program": (False, ("view", "query")),
    "puller": (False, ("hand over",)),
    "staff": (True, ()),
    "viewer": (True, ("view",)),
    "adder": (True, ("view", "add")),
    "editor": (True, ("view", "change")),
    "keeper": (True, ("view", "change", "hand over")),
    "deleter": (True, ("view", "delete")),
    "auditor": (True, ("view", "view checks", "view hand-overs", "view notifications")),
    "superuser": (
        True,
        (
            *("view", "add", "change", "delete", "query", "hand over"),
            *("view checks", "view hand-overs", "view notifications", "send notifications"),
            "release",
        ),
    ),
    "releaser": (True, ("view", "release")),
}


def codenames(permissions: tuple[str, ...]) -> list[str]:
    """Django's names of a role's permissions."""
    others = {
        "view checks": "view_check",
        "view hand-overs": "view_handover",
        "view notifications": "view_notification",
        "send notifications": "send_notification",
        "hand over": "hand_over_registry",
    }
    return [others.get(permission, f"{permission}_registry") for permission in permissions]


@dataclass(frozen=True)
class Deed:
    """Something that somebody may try.

    path: below the admin's list of registries, or below the API; `{own}` and `{default}` are rows.
    may: who may, `x` or `-` for each role. changes, calls: what is different afterwards.
    """

    what: str
    method: str
    path: str
    may: str
    data: dict[str, str] = field(default_factory=dict)
    changes: bool = False
    calls: bool = False

    def allowed(self) -> set[str]:
        """The roles that may."""
        return {role for role, mark in zip(ROLES, self.may.split(), strict=True) if mark == "x"}


def _selected(action: str, row: str) -> dict[str, str]:
    return {"action": action, "_selected_action": row, "post": "yes"}


FORM = {"name": "Own", "url": "{url}", "login": "johndoe"}
TYPED = {**FORM, "password": "typed"}

# Roles: visitor, account, program, puller, staff, viewer, adder, editor, keeper, deleter, auditor,
# superuser, releaser
ADMIN = (
    Deed("See the list", "GET", "", "- - - - - x x x x x x x x"),
    Deed("See what a check says", "GET", "outcomes/", "- - - - - x x x x x x x x"),
    Deed("See a row", "GET", "{own}/change/", "- - - - - x x x x x x x x"),
    Deed("See a row's history", "GET", "{own}/history/", "- - - - - x x x x x x x x"),
    Deed("See which row reads an image", "GET", "image/?image=nginx", "- - - - - x x x x x x x x"),
    Deed(
        *("Ask its registry for tags and digest", "GET", "image/?ask=1&image={host}/a/b"),
        "- - - - - - - - - - - x -",
        calls=True,
    ),
    Deed("See all checks", "GET", "../check/", "- - - - - - - - - - x x -"),
    Deed("See how to hand over", "GET", "{own}/hand-over/", "- - - - - - - - x - - x -"),
    Deed("Hand over a row", "POST", "{own}/hand-over/?for=docker", "- - - - - - - - x - - x -"),
    Deed(
        *("Hand over selected rows", "POST", "", "- - - - - - - - x - - x -"),
        _selected("hand_over_selected", "{own}"),
    ),
    Deed("See all hand-overs", "GET", "../handover/", "- - - - - - - - - - x x -"),
    Deed("See all notifications", "GET", "../notification/", "- - - - - - - - - - x x -"),
    Deed("Send a test message", "POST", "../notification/test/", "- - - - - - - - - - - x -"),
    Deed("Choose the kind of a new row", "GET", "add/", "- - - - - - x - - - - x -"),
    Deed("Open the form of a new row", "GET", "add/?kind=hub", "- - - - - - x - - - - x -"),
    Deed(
        *("Add a row", "POST", "add/?kind=custom", "- - - - - - x - - - - x -"),
        {"name": "New", "url": "https://elsewhere.example"},
        changes=True,
    ),
    Deed("Open the page of an import", "GET", "import/", "- - - - - - x - - - - x -"),
    Deed(
        *("See what would become of a file", "POST", "import/", "- - - - - - x - - - - x -"),
        {"text": '{{"auths": {{"ghcr.io": {{"username": "a", "password": "b"}}}}}}'},
    ),
    Deed("See what was imported last", "GET", "import/added/", "- - - - - - x - - - - x -"),
    Deed(
        *("Change a row", "POST", "{own}/change/", "- - - - - - - x x - - x -"),
        {**FORM, "login": "janedoe"},
        changes=True,
    ),
    Deed(
        *("Check what is typed", "POST", "{own}/change/", "- - - - - - - x x - - x -"),
        {**TYPED, "_check": "1"},
        calls=True,
    ),
    Deed(
        *(
            "Check what is typed into a new row",
            "POST",
            "add/?kind=custom",
            "- - - - - - - - - - - x -",
        ),
        {**TYPED, "name": "New", "_check": "1"},
        calls=True,
    ),
    Deed(
        *("Save and check", "POST", "{own}/change/", "- - - - - - - x x - - x -"),
        {**TYPED, "_savecheck": "1"},
        changes=True,
        calls=True,
    ),
    Deed(
        *("Check a row", "POST", "{own}/check/", "- - - - - - - x x - - x -"),
        changes=True,
        calls=True,
    ),
    Deed("Check a row by a link", "GET", "{own}/check/", "- - - - - - - - - - - - -"),
    Deed(
        *("Check selected rows", "POST", "", "- - - - - - - x x - - x -"),
        _selected("check_selected", "{own}"),
        changes=True,
        calls=True,
    ),
    Deed("Be asked before Reset", "GET", "{default}/reset/", "- - - - - - - x x - - x -"),
    Deed(
        "Reset a default row", "POST", "{default}/reset/", "- - - - - - - x x - - x -", changes=True
    ),
    Deed(
        *("Reset selected default rows", "POST", "", "- - - - - - - x x - - x -"),
        _selected("reset_selected", "{default}"),
        changes=True,
    ),
    Deed("Reset any other row", "POST", "{own}/reset/", "- - - - - - - - - - - - -", changes=True),
    Deed("Be asked before Delete", "GET", "{own}/delete/", "- - - - - - - - - x - x -"),
    Deed(
        *("Delete a row", "POST", "{own}/delete/", "- - - - - - - - - x - x -"),
        {"post": "yes"},
        changes=True,
    ),
    Deed(
        *("Delete selected rows", "POST", "", "- - - - - - - - - x - x -"),
        _selected("delete_selected", "{own}"),
        changes=True,
    ),
    Deed(
        *("Delete a default row", "POST", "{default}/delete/", "- - - - - - - - - - - - -"),
        {"post": "yes"},
        changes=True,
    ),
    Deed(
        *("Delete selected default rows", "POST", "", "- - - - - - - - - - - - -"),
        _selected("delete_selected", "{default}"),
        changes=True,
    ),
    Deed("See a row that a file owns", "GET", "{owned}/change/", "- - - - - x x x x x x x x"),
    Deed(
        *("Change a row that a file owns", "POST", "{owned}/change/", "- - - - - - - - - - - - -"),
        {**TYPED, "name": "Owned"},
        changes=True,
    ),
    Deed(
        *("Check what is typed there", "POST", "{owned}/change/", "- - - - - - - - - - - - -"),
        {**TYPED, "_check": "1"},
        calls=True,
    ),
    Deed(
        *("Check it", "POST", "{owned}/check/", "- - - - - - - x x - - x -"),
        changes=True,
        calls=True,
    ),
    Deed(
        *("Delete it", "POST", "{owned}/delete/", "- - - - - - - - - - - - -"),
        {"post": "yes"},
        changes=True,
    ),
    Deed(
        *("Delete it by selecting it", "POST", "", "- - - - - - - - - - - - -"),
        _selected("delete_selected", "{owned}"),
        changes=True,
    ),
    Deed("Be asked before Release", "GET", "{owned}/release/", "- - - - - - - - - - - x x"),
    Deed(
        *("Release it", "POST", "{owned}/release/", "- - - - - - - - - - - x x"),
        changes=True,
    ),
    Deed("See the site's accounts", "GET", "../../auth/user/", "- - - - - - - - - - - x -"),
)
API = (
    Deed("List registries", "GET", "registries/", "- - x - - x x x x x x x x"),
    Deed("Read one", "GET", "registries/{own}/", "- - x - - x x x x x x x x"),
    Deed("Read its checks", "GET", "registries/{own}/checks/", "- - x - - x x x x x x x x"),
    Deed("Read the kinds", "GET", "kinds/", "- - x - - x x x x x x x x"),
    Deed("Read one kind", "GET", "kinds/hub/", "- - x - - x x x x x x x x"),
    Deed("Find an image's row", "GET", "resolve/?image=nginx", "- - x - - x x x x x x x x"),
    Deed("Read the API's description", "GET", "schema/", "- - x - - x x x x x x x x"),
    Deed("Read it as a page", "GET", "docs/", "- - x - - x x x x x x x x"),
    Deed(
        *("List tags", "GET", "registries/{own}/tags/?repository=a/b", "- - x - - - - - - - - x -"),
        calls=True,
    ),
    Deed(
        *("Find a digest", "GET", "registries/{own}/digest/?repository=a/b&reference=1"),
        "- - x - - - - - - - - x -",
        calls=True,
    ),
    Deed(
        *("Be handed credentials", "POST", "handover/", "- - - x - - - - x - - x -"),
        {"registry": "{own}", "form": "json"},
    ),
    Deed("See what was handed over", "GET", "handovers/", "- - - - - - - - - - x x -"),
    Deed("Read the metrics", "GET", "../figures", "- - x - - x x x x x x x x"),
    *(
        Deed(
            f"{verb} anything",
            method,
            path,
            "- - - - - - - - - - - - -",
            {"name": "x"},
            changes=True,
        )
        for verb, method, path in (
            ("Add", "POST", "registries/"),
            ("Replace", "PUT", "registries/{own}/"),
            ("Change", "PATCH", "registries/{own}/"),
            ("Delete", "DELETE", "registries/{own}/"),
        )
    ),
)
TABLES = {"In the admin": ADMIN, "Over the API": API}


def page() -> Iterator[str]:
    """The lines of docs/permissions.md."""
    yield "# Who may do what"
    yield ""
    yield "Permissions are Django's own, and are granted to accounts or groups in the admin:"
    yield ""
    yield "- *query* lets people and programs make the site call a registry over the API;"
    yield "- *view checks* shows the audit of all checks, including those of deleted rows and of"
    yield "  values that were never saved;"
    yield "- *hand over* lets them get credentials, choose which credentials may leave the site,"
    yield "  and trust another CA, or turn off verification, without entering the secrets again;"
    yield "- *view hand-overs* shows everything that was handed over or refused;"
    yield "- *view notifications* shows who was told what, and *send notifications* sends a test"
    yield "  message, and failed ones again;"
    yield "- *release* takes a registry from the [file that owns it](as-code.md). Until then only"
    yield "  the file changes it."
    yield ""
    yield "A test checks every cell of these tables."
    yield ""
    yield "| role | may use the admin | permissions on registries |"
    yield "|---|---|---|"
    for role, role_permissions in ROLES.items():
        is_staff, permissions = role_permissions or (False, ())
        text = "not signed in" if role_permissions is None else ", ".join(permissions) or "none"
        yield f"| {role} | {'yes' if is_staff else 'no'} | {text} |"
    for title, deeds in TABLES.items():
        yield ""
        yield f"## {title}"
        yield ""
        yield f"| what | method | {' | '.join(ROLES)} |"
        yield f"|---|---|{'---|' * len(ROLES)}"
        for deed in deeds:
            marks = ("yes" if role in deed.allowed() else "" for role in ROLES)
            yield f"| {deed.what} | {deed.method} | {' | '.join(marks)} |"
    yield ""
    yield "No role sees a secret on a page. Credentials only leave by *hand over*. GET, HEAD and"
    yield "OPTIONS never change anything. A deactivated account has no access."
    yield ""
