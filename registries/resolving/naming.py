"""Which image a person means who names it beside a row."""

from registries.models import Registry
from registries.reference import InvalidReference, Reference, without_scheme
from registries.row_client import home_of


def reference_for(registry: Registry, image: str) -> Reference:
    """The reference that a person means by `image` on this registry.

    `team/app` is an image of the row's own host where it has one. Raises InvalidReference.
    """
    reference, image = Reference.from_pasted(image), without_scheme(image)
    if registry.may_answer_for(reference.match_host):
        return reference
    if home := home_of(registry):
        first = image.partition("/")[0]
        if not ("/" in image and ("." in first or ":" in first or first == "localhost")):
            return Reference.parse(f"{home}/{image}")
    raise InvalidReference("This image is on another registry. Enter an image of this registry.")
