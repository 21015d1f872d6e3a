#!/usr/bin/env python3
"""Fetches pull credentials from a registries site. Needs only Python 3.8 or newer.

This file contains two programs. The name of the file decides which one runs.

docker-credential-registries: a credential helper for docker, podman and others, which call it with
    one argument (get, list, store, erase or version).
    Source: docker/docker-credential-helpers, credentials/credentials.go.
registries-credential-provider: an image credential provider for the kubelet. It reads a
    CredentialProviderRequest from stdin and writes a CredentialProviderResponse.
    Source: kubernetes/kubelet, pkg/apis/credentialprovider/v1/types.go.

Settings are environment variables, or lines such as url = "https://registries.example.com" in
~/.config/registries/client.toml, which nobody but its owner may be able to read:

REGISTRIES_URL: the site's address, or the address of its API if that is not below /api/.
REGISTRIES_TOKEN: an access token of the site. REGISTRIES_TOKEN_FILE: a file with the token.
REGISTRIES_CA: a PEM file with the certificates to trust, instead of the system's.
REGISTRIES_TIMEOUT: the seconds that a request may take; the default is 30.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import signal
import sys

TYPE_CHECKING = False  # importing `typing` for it would take time
if TYPE_CHECKING:
    import http.client
    from collections.abc import Callable
    from typing import Any

VERSION = "0.1.0"
HELPER, PROVIDER = "docker-credential-registries", "registries-credential-provider"
KUBELET = "credentialprovider.kubelet.k8s.io/v1"
# With exactly this text docker goes on without credentials. Any other text is an error.
NOT_FOUND = "credentials not found in native keychain"
FILE = "~/.config/registries/client.toml"
NAMES = ("url", "token", "token_file", "ca", "timeout")
# A line of the file: a TOML string or number.
LINE = re.compile(
    r"""\s*(\w+)\s*=\s*("(?:[^"\\]|\\.)*"|'[^']*'|\d+(?:\.\d+)?)\s*(?:\#.*)?""", re.ASCII
)
URL = re.compile(
    r"(https?)://(\[[0-9a-f:.]+\]|[a-z0-9._-]+)(?::(\d{1,5}))?((?:/[\w.~%-]*)*)",
    re.ASCII | re.IGNORECASE,
)
LOOPBACK = re.compile(r"localhost|\[::1\]|127(\.\d{1,3}){3}", re.IGNORECASE)
# How many bytes are read from a file, from stdin or from the site.
MAX_BYTES = 2**20


class Problem(Exception):
    """Why there are no credentials: a sentence without secrets."""


class NotFound(Problem):
    """The site has no credentials for this registry, so images are pulled without."""


def main() -> int:
    """Run the program with this file's name, and return the exit status."""
    name = os.path.basename(sys.argv[0])
    if name.startswith("docker-credential-"):
        return helper()
    if "credential-provider" in name:
        return provider()
    sys.stderr.write(f"Rename this file to {HELPER} or {PROVIDER}.\n")
    return 1


def helper() -> int:
    """Run as a credential helper. If it fails, docker shows what it wrote to stdout."""
    return _run(_docker_response, sys.stdout)


def provider() -> int:
    """Run as a credential provider. If it fails, the kubelet logs what it wrote to stderr."""
    return _run(_kubelet_response, sys.stderr)


def _run(respond: Callable[[list[str]], str], errors: Any) -> int:
    stream, status = errors, 1
    try:
        text = respond(sys.argv[1:])
        stream, status = sys.stdout, 0
    except Problem as problem:
        text = str(problem)
    except Exception as error:  # noqa: BLE001 - a traceback could show a secret
        text = f"This program failed: {type(error).__name__}."
    # UTF-8, whatever the locale is.
    stream.buffer.write(f"{text}\n".encode("utf-8", "replace") if text else b"")
    stream.flush()
    return status


def _docker_response(arguments: list[str]) -> str:
    action = arguments[0] if len(arguments) == 1 else ""
    if action == "version":
        return f"{HELPER} {VERSION}"
    if action not in ("get", "list", "store", "erase"):
        raise Problem(f"Usage: {HELPER} get|list|store|erase|version")
    if action == "list":
        # Programs that list also get each entry, and stop at the first that fails.
        return "{}"
    server = _stdin().strip()
    if action == "store":
        raise Problem("Nothing was stored: the registries site manages the credentials.")
    # Nothing is stored here. To erase succeeds, so that `docker logout` does.
    return _get(server) if action == "get" else ""


def _get(server: str) -> str:
    if not server:
        raise Problem("no credentials server URL")
    response = _post(HELPER, form="helper", host=server)
    login = {name: response.get(name) for name in ("Username", "Secret")}
    if not all(isinstance(value, str) for value in login.values()):
        raise Problem("The site's response has no user name and password.")
    return json.dumps({"ServerURL": server, **login})


def _kubelet_response(arguments: list[str]) -> str:
    try:
        request = json.loads(_stdin())
    except ValueError:
        request = None
    if not isinstance(request, dict) or request.get("apiVersion") != KUBELET:
        raise Problem(f"Expected a CredentialProviderRequest of {KUBELET} on stdin.")
    try:
        response = _post(PROVIDER, form="kubelet", image=request.get("image"))
    except NotFound:
        response = {"apiVersion": KUBELET, "kind": "CredentialProviderResponse", "auth": {}}
        response.update(cacheKeyType="Image", cacheDuration="0s")
    if response.get("apiVersion") != KUBELET:
        raise Problem(f"The site's response is not a CredentialProviderResponse of {KUBELET}.")
    return json.dumps(response)


def _stdin() -> str:
    return sys.stdin.buffer.read(MAX_BYTES).decode("utf-8", "replace")


def _settings() -> dict[str, str]:
    """Return the settings. The environment overrides the file. Raises Problem."""
    environment = {name: os.environ.get(f"REGISTRIES_{name.upper()}", "").strip() for name in NAMES}
    settings = _read_settings(os.path.expanduser(FILE))
    if environment["token"] or environment["token_file"]:
        settings["token"] = settings["token_file"] = ""
    settings.update((name, value) for name, value in environment.items() if value)
    if settings.get("token_file") and not settings.get("token"):
        settings["token"] = _read(settings["token_file"], "access token's file").strip()
    for name in ("url", "token"):
        if not settings.get(name):
            raise Problem(f"Set REGISTRIES_{name.upper()}, or {name} in {FILE}.")
    if not re.fullmatch("[!-~]+", settings["token"]):
        raise Problem("The access token contains invalid characters.")
    if not re.fullmatch(r"\d{1,4}(\.\d{1,3})?", settings.setdefault("timeout", "30"), re.ASCII):
        raise Problem("REGISTRIES_TIMEOUT must be a number of seconds, such as 30.")
    return settings


def _read_settings(path: str) -> dict[str, str]:
    """Return the settings in the file; none if there is no file. Raises Problem."""
    settings: dict[str, str] = {}
    text = _read(path, FILE, os.name == "posix") if os.path.lexists(path) else ""
    for number, line in enumerate(text.splitlines(), 1):
        if not line.partition("#")[0].strip():
            continue
        match = LINE.fullmatch(line)
        name, value = match.groups() if match else ("", '"')
        try:
            settings[name] = json.loads(value) if value[0] == '"' else value.strip("'")
        except ValueError:
            name = ""
        if name not in NAMES:
            raise Problem(f'Line {number} of {FILE} is invalid: use name = "value".')
    return settings


def _read(path: str, name: str, is_private: bool = False) -> str:
    try:
        with open(path, "rb") as file:
            status = os.fstat(file.fileno())
            if not is_private and os.name == "posix" and status.st_mode & 0o007:
                raise Problem(
                    f"Not everybody may be able to read the {name}: use chmod 640 or 600."
                )
            if is_private and (status.st_uid != os.geteuid() or status.st_mode & 0o077):
                raise Problem(f"{FILE} must be yours, and readable only by you: chmod 600.")
            return file.read(MAX_BYTES).decode()
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is not UTF-8"
        raise Problem(f"The {name} cannot be read: {reason}.") from None


def _post(program: str, **params: object) -> dict[str, Any]:
    """Return the site's response. Raises Problem, or NotFound if the site has no credentials."""
    # These take twice as long to load as the rest of this program to run.
    import http.client  # noqa: PLC0415

    settings = _settings()
    scheme, host, port, path = _address(settings["url"])
    seconds = float(settings["timeout"]) or 30
    headers = {
        "Authorization": f"Bearer {settings['token']}",
        "Content-Type": "application/json",
        "User-Agent": f"{program}/{VERSION}",
        "Connection": "close",
    }
    connection: Any = None
    try:
        if hasattr(signal, "setitimer"):  # on Windows, each step has its own timeout
            signal.signal(signal.SIGALRM, _time_out)
            signal.setitimer(signal.ITIMER_REAL, seconds)
        if scheme == "https":
            connection = _connect(host, port or 443, seconds, settings.get("ca"))
        else:
            connection = http.client.HTTPConnection(host, port or 80, timeout=seconds)
        # Redirects are not followed, because the token would be sent along.
        connection.request("POST", path, json.dumps(params), headers)
        response = connection.getresponse()
        return _parse(response.status, response.read(MAX_BYTES))
    except (OSError, http.client.HTTPException) as error:
        raise Problem(_failure(error, host, seconds)) from None
    finally:
        if hasattr(signal, "setitimer"):
            signal.setitimer(signal.ITIMER_REAL, 0)
        if connection:
            connection.close()


def _time_out(_signal: int, _frame: object) -> None:
    raise TimeoutError


def _address(url: str) -> tuple[str, str, int, str]:
    """Return the scheme, the host, the port (0 for the default) and the path. Raises Problem."""
    match = URL.fullmatch(url)
    if not match:
        raise Problem("REGISTRIES_URL must be an address such as https://registries.example.com.")
    scheme, host, port, path = match[1].lower(), match[2], int(match[3] or 0), match[4].strip("/")
    if scheme == "http" and not LOOPBACK.fullmatch(host):
        raise Problem(
            "REGISTRIES_URL must start with https://, because the access token is sent there."
        )
    return scheme, host.strip("[]"), port, f"/{path or 'api'}/handover/"


def _connect(host: str, port: int, seconds: float, ca: str | None) -> http.client.HTTPSConnection:
    """Return a connection that verifies the server's certificate. Raises OSError."""
    import http.client  # noqa: PLC0415
    import ssl  # noqa: PLC0415

    folder = None if ca else ssl.get_default_verify_paths().capath
    if folder and any(name.endswith(".0") for name in os.listdir(folder)):
        # Loading all of the system's certificates takes longer than everything else. In this
        # folder, OpenSSL finds the one that it needs.
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.load_verify_locations(capath=folder)
        connection = http.client.HTTPSConnection(host, port, timeout=seconds, context=context)
        with contextlib.suppress(ssl.SSLCertVerificationError):
            connection.connect()
            return connection
        connection.close()  # the system may have more certificates elsewhere
    context = ssl.create_default_context(cafile=ca)
    return http.client.HTTPSConnection(host, port, timeout=seconds, context=context)


def _failure(error: Exception, host: str, seconds: float) -> str:
    """Return the sentence for a request that got no response."""
    import socket  # noqa: PLC0415
    import ssl  # noqa: PLC0415

    if isinstance(error, ssl.SSLCertVerificationError):
        return (
            f"The certificate of {host} is not trusted: {error.verify_message}."
            " If a private CA issued it, set REGISTRIES_CA to a file with that CA."
        )
    if isinstance(error, (TimeoutError, socket.timeout)):
        return f"{host} did not answer within {seconds:g} seconds."
    reason = getattr(error, "strerror", None) or type(error).__name__
    return f"{host} cannot be reached: {reason}."


def _parse(status: int, text: bytes) -> dict[str, Any]:
    """Return the response. Raises Problem, or NotFound if the site has no credentials."""
    try:
        data = json.loads(text)
    except ValueError:
        data = {}
    response: dict[str, Any] = data if isinstance(data, dict) else {}
    if status == 200 and response:
        return response
    if status == 409 and response.get("code") in ("no_registry", "anonymous"):
        raise NotFound(NOT_FOUND)
    if status == 401:
        raise Problem("The site rejected the access token. It may have expired.")
    if 300 <= status < 400:
        raise Problem("The site redirects to another address. Set REGISTRIES_URL to that address.")
    detail = response.get("detail")
    if status == 404 or not isinstance(detail, str):
        raise Problem(
            f"REGISTRIES_URL is not the address of a registries site: it returned {status}."
        )
    raise Problem("".join(filter(str.isprintable, detail))[:500])


if __name__ == "__main__":
    sys.exit(main())
