"""docker's config.json, which Helm, crane, Watchtower and others read as well.

Source: docker/cli, cli/config/configfile/file.go.
"""

from registries.importing.auths import Keys, read_auths
from registries.importing.form import Form
from registries.importing.reading import read_json
from registries.text import gettext_noop as _

docker = Form(
    slug="docker",
    label=_("Docker: config.json"),
    read=lambda text: read_auths(read_json(text), Keys.WHOLE_HOST),
    # Settings of its command line.
    marks=('"HttpHeaders"', '"credsStore"', '"psFormat"', '"currentContext"'),
)
