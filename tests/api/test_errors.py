"""Errors: one shape, our codes apart from the registries', our throttle, our own failures."""

import logging
from collections.abc import Callable
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.contrib.auth.models import User
from django.core.cache import cache
from django.core.exceptions import ImproperlyConfigured
from django.test import Client

from registries.api import errors, params
from registries.models import Registry
from registries.verdicts import CODES
from tests.api.conftest import ROOT, Caller, caller

GetJson = Callable[..., Any]


@pytest.fixture
def rates(settings: Any) -> Callable[..., None]:
    """Set the site's rates by scope."""

    def use(**by_scope: str | None) -> None:
        settings.REST_FRAMEWORK = {"DEFAULT_THROTTLE_RATES": by_scope}

    return use


def statuses(client: Caller, path: str, times: int) -> list[int]:
    return [client.get(path).status_code for _ in range(times)]


def test_our_codes_are_no_registrys() -> None:
    """A client tells from the code alone whose fault it is."""
    ours = {fault.code for fault in errors.FAULTS}
    assert len(ours) == len(errors.FAULTS)
    assert not ours & CODES.keys()


@pytest.mark.parametrize("path", ["nowhere", "nowhere/", "registries", "schemas/", "a/b/c", "%0A"])
def test_addresses_that_are_not_there(path: str, get_json: GetJson) -> None:
    answer = get_json(path, 404)
    assert answer == {"code": "not_found", "detail": "Nothing was found at this address."}


def test_outside_the_api_nothing_is_json() -> None:
    """The answer above is the API's own, not the site's."""
    answer = Client().get("/gateway/elsewhere/")
    assert (answer.status_code, answer["Content-Type"]) == (404, "text/html; charset=utf-8")


def test_requests_are_limited_for_each_user(rates: Callable[..., None], reader: Caller) -> None:
    rates(registries="3/min")
    other = caller("other", "view_registry")
    assert statuses(reader, "kinds/hub/", 5) == [200] * 3 + [429] * 2
    answer = reader.get("registries/")
    assert answer.json()["code"] == "throttled"
    assert 1 <= int(answer["Retry-After"]) <= 60
    assert statuses(other, "kinds/hub/", 1) == [200]


def test_what_goes_out_is_limited_more(
    rates: Callable[..., None], reader: Caller, row: Registry, registry: Any
) -> None:
    rates(registries_outgoing="2/min")
    tags = f"registries/{row.pk}/tags/?repository=acme/app"
    assert statuses(reader, tags, 3) == [200, 200, 429]
    count = len(registry.requests)
    digest = f"registries/{row.pk}/digest/?repository=acme/app&reference=one"
    assert statuses(reader, digest, 1) == [429]
    assert len(registry.requests) == count
    assert statuses(reader, "registries/", 1) == [200]


def key_of(scope: str) -> str:
    """Where REST framework counts the reader's requests."""
    return f"throttle_{scope}_{User.objects.get(username='reader').pk}"


def count_as(scope: str, times: int) -> None:
    """Let the reader's one request count as so many."""
    cache.set(key_of(scope), cache.get(key_of(scope))[:1] * times)


def test_the_usual_rates(reader: Caller, row: Registry) -> None:
    """#27: the API is throttled without any setting."""
    tags = f"registries/{row.pk}/tags/"
    assert statuses(reader, tags, 1) == [400]
    count_as("registries_outgoing", 119)
    assert statuses(reader, tags, 2) == [400, 429]
    count_as("registries", 599)
    assert statuses(reader, "kinds/hub/", 2) == [200, 429]


def test_a_site_may_switch_them_off(
    rates: Callable[..., None], reader: Caller, row: Registry
) -> None:
    rates(registries=None, registries_outgoing=None)
    assert statuses(reader, f"registries/{row.pk}/tags/", 1) == [400]
    assert cache.get(key_of("registries_outgoing")) is None, "nothing is counted"


def test_a_site_without_any_rates_has_the_usual_ones(reader: Caller, settings: Any) -> None:
    settings.REST_FRAMEWORK = {"DEFAULT_THROTTLE_RATES": None}
    assert statuses(reader, "kinds/hub/", 1) == [200]
    count_as("registries", 599)
    assert statuses(reader, "kinds/hub/", 2) == [200, 429]


def test_our_own_failure(
    reader: Caller, row: Registry, settings: Any, caplog: pytest.LogCaptureFixture
) -> None:
    """500 in the same shape, told to the log and to error trackers, not to the caller."""
    settings.REGISTRIES = {"TIMEOUT": "soon"}
    tags = f"registries/{row.pk}/tags/?repository=acme/app"
    with pytest.raises(ImproperlyConfigured):
        reader.get(tags)
    reader.raise_request_exception = False
    caplog.clear()
    answer = reader.get(tags)
    assert answer.status_code == 500
    assert answer.json() == {
        "code": "internal_error",
        "detail": "The site had an internal error. See its log for details.",
    }
    (record,) = [result for result in caplog.records if result.name == "django.request"]
    assert record.levelno == logging.ERROR
    assert record.exc_info
    assert record.exc_info[0] is ImproperlyConfigured
    assert record.request.path == f"{ROOT}registries/{row.pk}/tags/"  # type: ignore[attr-defined]


def test_a_cache_that_is_gone(reader: Caller, settings: Any) -> None:
    """A library's errors may have a `status_code` as well, which is none of HTTP's."""
    redis = "django.core.cache.backends.redis.RedisCache"
    settings.CACHES = {"default": {"BACKEND": redis, "LOCATION": "redis://127.0.0.1:1"}}
    reader.raise_request_exception = False
    answer = reader.get("registries/")
    assert (answer.status_code, answer.json()["code"]) == (500, "internal_error")


def test_a_strange_host_is_a_bad_request(reader: Caller, settings: Any) -> None:
    """Without CommonMiddleware the list's links are the first to look at it."""
    settings.MIDDLEWARE = [
        name for name in django_settings.MIDDLEWARE if not name.endswith("CommonMiddleware")
    ]
    answer = reader.get("registries/?page_size=1", headers={"host": "evil.example"})
    assert (answer.status_code, answer.json()["code"]) == (400, "bad_request")
    assert reader.get("registries/?page_size=1").status_code == 200


def test_more_parameters_than_are_counted(get_json: GetJson) -> None:
    many = "&".join("page=1" for _ in range(params.MAX_PARAMETERS))
    assert get_json(f"registries/?{many}", 400)["code"] == "invalid_parameter"
    assert get_json(f"registries/?{many}&page=1", 400)["code"] == "invalid_query"
