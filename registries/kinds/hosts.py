"""Host templates: which image hosts belong to a kind, label by label."""

import re

# The labels that host templates may hold. Anchored and per label: a suffix is never enough.
LABELS = {
    "name": r"[a-z0-9](?:[a-z0-9-]*[a-z0-9])?",
    "account": r"[0-9]{12}",
    "region": r"[a-z]{2,4}(?:-[a-z]+)+-[0-9]{1,2}",
    "location": r"[a-z]+(?:-[a-z]+)?[0-9]{0,2}",
}


def host_pattern(template: str) -> re.Pattern[str]:
    """A pattern for a template such as `{account}.dkr.ecr.{region}.amazonaws.com`.

    Its groups are named as in the template. Use `fullmatch`, on lower-cased host names.
    """
    parts = re.split(r"\{(\w+)\}", template)
    return re.compile(
        "".join(
            f"(?P<{part}>{LABELS[part]})" if i % 2 else re.escape(part)
            for i, part in enumerate(parts)
        ),
        re.ASCII,
    )
