"""`WithVariables`: a row with the variables of its kind, which say what hosts it answers for."""

from typing import Literal

from registries.kinds import KINDS, Kind, variables
from registries.models.queryset import SECRETS
from registries.models.tracking import Tracked

VARIABLES = tuple(variables())


class WithVariables(Tracked):
    """A row of a kind, with a column for each variable of any kind; the others are empty."""

    # Columns of the row itself.
    kind: str
    prefix: str

    class Meta:
        abstract = True

    @property
    def declaration(self) -> Kind:
        """The declaration of the row's kind. Raises KeyError for an unknown one."""
        return KINDS[self.kind]

    def provided(self) -> set[str]:
        """Return the names of the variables that are set, of any kind."""
        return {name for name in VARIABLES if self.raw_value(name)}

    def plain_values(self) -> dict[str, str]:
        """Return the values of the set variables that are not secrets."""
        return {name: self.raw_value(name) for name in self.provided() if name not in SECRETS}

    def values(self) -> dict[str, str]:
        """Return the values of all set variables, secrets in clear. Raises SecretUnreadable."""
        secrets = self.provided().intersection(SECRETS)
        return {**self.plain_values(), **{name: getattr(self, name).reveal() for name in secrets}}

    # Templates and Jinja's sandbox never call methods with this attribute; see `Secret.reveal`.
    values.alters_data = True  # type: ignore[attr-defined]

    @property
    def state(self) -> Literal["anonymous", "authenticated"]:
        """`authenticated` if the row has credentials, whether they work or not."""
        return self.declaration.state(self.provided())

    def may_answer_for(self, host: str) -> bool:
        """Return whether the row could answer for a lower-cased host if it had no prefix."""
        host = self.plain_host(host)
        address = {
            name: value for name in self.declaration.address if (value := self.raw_value(name))
        }
        if own := self.declaration.own_host(address):
            return host == own
        lookup = self.declaration.answers(host)
        return lookup is not None and all(
            self.raw_value(name) == value
            for name, value in lookup.items()
            if name != "is_default" or not self.prefix
        )

    def answers_for(self, host: str) -> bool:
        """Return whether the row answers for images on this lower-cased host."""
        prefix_host = self.prefix.partition("/")[0]
        return self.may_answer_for(host) and (
            not prefix_host or self.plain_host(prefix_host) == self.plain_host(host)
        )

    def plain_host(self, host: str) -> str:
        """Return a host without the default port of the row's scheme."""
        plain_http = (self.raw_value("url") or "").startswith("http:")
        return host.removesuffix(":80" if plain_http else ":443")
