"""A real nginx on loopback, in front of nothing, as registries are put behind one."""

import os
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from shutil import which

import trustme

SETTINGS = """
daemon off;
pid {folder}/pid;
error_log stderr crit;
events {{}}
http {{
    access_log off;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    server {{
        listen 127.0.0.1:{port} ssl;
        ssl_protocols {protocol};
        ssl_certificate {folder}/server.pem;
        ssl_certificate_key {folder}/server.pem;
        ssl_client_certificate {folder}/ca.pem;
        ssl_verify_client on;
        location / {{ return 200 "let in"; }}
    }}
}}
"""


def missing() -> str | None:
    """What the machine lacks for an nginx and how to get it, or None."""
    return None if which("nginx") else "no nginx (apt-get install nginx-light)"


@contextmanager
def nginx(folder: Path, ca: trustme.CA, protocol: str) -> Iterator[int]:
    """Serve https with one version of TLS to who shows a certificate of `ca`; gives the port.

    The socket is ours and handed over, as nginx does to its successor in an upgrade: nobody can
    take the port in between, and connections are accepted from the start.
    """
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = int(listener.getsockname()[1])
        ca.cert_pem.write_to_path(str(folder / "ca.pem"))
        ca.issue_cert("127.0.0.1").private_key_and_cert_chain_pem.write_to_path(
            str(folder / "server.pem")
        )
        settings = folder / "nginx.conf"
        settings.write_text(SETTINGS.format(folder=folder, port=port, protocol=protocol))
        process = subprocess.Popen(
            ["nginx", "-p", str(folder), "-c", str(settings)],
            env={**os.environ, "NGINX": f"{listener.fileno()};"},
            pass_fds=[listener.fileno()],
            stderr=subprocess.DEVNULL,
        )
    try:
        yield port
    finally:
        process.terminate()  # it takes its worker along
        process.wait(20)
