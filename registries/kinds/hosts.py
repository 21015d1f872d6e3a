"""Host templates, which say which image hosts belong to a kind."""

import re

# The placeholders of host templates, each for exactly one label of a host name. Templates are
# matched as a whole, so that a host like `evilgcr.io` never passes as `gcr.io`.
LABELS = {
    "name": r"[a-z0-9](?:[a-z0-9-]*[a-z0-9])?",
    "account": r"[0-9]{12}",
    "region": r"[a-z]{2,4}(?:-[a-z]+)+-[0-9]{1,2}",
    "location": r"[a-z]+(?:-[a-z]+)?[0-9]{0,2}",
}


def host_pattern(template: str) -> re.Pattern[str]:
    """Return a pattern for a template such as `{account}.dkr.ecr.{region}.amazonaws.com`.

    Its groups have the names of the placeholders. Use it with `fullmatch` on lower-cased hosts.
    """
    parts = re.split(r"\{(\w+)\}", template)
    return re.compile(
        "".join(
            f"(?P<{part}>{LABELS[part]})" if i % 2 else re.escape(part)
            for i, part in enumerate(parts)
        ),
        re.ASCII,
    )
