"""The clients that are compared; each module loads what its client needs and no more."""

from shutil import which


def is_here(client: str) -> bool:
    """Whether a client can be measured; where its program is not installed it is left out."""
    if client != "skopeo" or which("skopeo"):
        return True
    print("\nskopeo is left out: apt-get install skopeo")
    return False
