"""Exits with status 0 if the site in this container answers, and its database does."""

import os
import sys
from http.client import HTTPConnection, HTTPException

try:
    connection = HTTPConnection("127.0.0.1", int(os.environ.get("PORT") or 8000), timeout=8)
    connection.request("GET", "/healthz")
    status = connection.getresponse().status
except (OSError, HTTPException) as error:
    sys.exit(f"The site does not answer: {error}.")
if status != 200:
    sys.exit(f"/healthz answers {status}.")
