"""A foreign site's code that uses the app's public names: mypy and pyright read it, nobody runs it.

`assert_type` fails where a public name has another type, or none.
"""

from datetime import datetime
from typing import Literal, assert_type

from registries import services
from registries.client.errors import ClientError
from registries.models import Registry
from registries.models.results import CheckResult
from registries.reference import InvalidReference, Reference

registry = Registry(kind="hub", name="Docker Hub", login="me", password="an access token")
registry.full_clean()
assert_type(registry.state, Literal["anonymous", "authenticated"])

found = Registry.objects.resolve("ghcr.io/acme/app:1")
assert_type(found, Registry | None)
if found is not None:
    result = services.check(found)
    assert_type(result, CheckResult)
    assert_type(result.code, str)
    assert_type(result.detail, str)
    assert_type(result.checked_at, datetime)
    assert_type(services.check(found, image="ghcr.io/acme/app:1"), CheckResult)
    assert_type(services.list_tags(found, "acme/app"), list[str])
    assert_type(services.reset(found), None)

try:
    assert_type(services.get_digest(registry, "library/nginx", "latest"), str)
except ClientError as error:
    assert_type(error.code, str)

try:
    reference = Reference.parse("nginx:1")
except InvalidReference as error:
    invalid: ValueError = error
else:
    assert_type(reference.host, str)
    assert_type(reference.repository, str)
    assert_type(reference.tag, str | None)
    assert_type(reference.digest, str | None)
    assert_type(str(reference), str)
