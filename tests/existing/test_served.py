"""The app under servers that do not block: the pages, a check that is streamed, and the API."""

import re
from pathlib import Path

import requests

from tests.existing.guest import SERVERS, environment, run, serving
from tests.fakes.selfhosted import BasicRegistry

EMAIL, PASSWORD = "robin@sites.example", "fake-password-of-robin"
# More rows than are checked before anything is sent.
FILL = """
from django.contrib.auth import get_user_model
from rest_framework.authtoken.models import Token
from registries.models import Registry
person = get_user_model().objects.create_superuser({email!r}, {password!r})
for number in range(7):
    row = Registry(kind="custom", name=f"Lab {{number}}", prefix=f"{{number}}", url={url!r})
    row.login, row.password = {login!r}
    row.save()
print(Token.objects.create(user=person).key)
"""


def test_it_is_served_without_blocking(
    python: Path, registry: BasicRegistry, endpoints: str, tmp_path: Path
) -> None:
    env = environment("plain", tmp_path, ENDPOINTS=endpoints, DJANGO_DEBUG="1")
    run(str(python), "manage.py", "migrate", "--verbosity=0", env=env)
    code = FILL.format(email=EMAIL, password=PASSWORD, url=registry.origin, login=registry.right)
    token = run(str(python), "manage.py", "shell", "--no-imports", "--command", code, env=env)
    for server in SERVERS:
        with serving(server, python, env) as url:
            listed = f"{url}/admin/registries/registry/"
            session = requests.Session()
            login = session.get(f"{url}/admin/login/")
            form = {"username": EMAIL, "password": PASSWORD, "csrfmiddlewaretoken": _csrf(login)}
            pages = session.post(login.url, form, params={"next": "/admin/registries/registry/"})
            assert pages.url == listed, server
            styles = f"{url}/static/registries/themes.css"
            assert session.get(styles).headers["Content-Type"].startswith("text/css"), server
            keys = re.findall(r'value="(\d+)"[^>]*><span[^>]*>Select Lab \d', pages.text)
            data = {"action": "check_selected", "_selected_action": ",".join(keys)}
            data |= {"csrfmiddlewaretoken": _csrf(pages)}
            with session.post(listed, data, stream=True) as checked:
                assert checked.headers["X-Accel-Buffering"] == "no", server
                text = checked.text
            assert text.count('is-ok"') >= 7, server
            assert "reg-stream__summary" in text, server
            headers = {"Authorization": f"Token {token.strip()}"}
            count = requests.get(f"{url}/api/registries/", headers=headers, timeout=30).json()
            assert count["count"] == 12, server


def _csrf(page: requests.Response) -> str:
    found = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', page.text)
    assert found, page.text
    return found[1]
