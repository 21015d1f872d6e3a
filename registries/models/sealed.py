"""`Sealed`: a row whose secrets are sealed with where they go, and who may receive them there."""

from hashlib import sha256
from typing import cast
from uuid import UUID

from registries.kinds import KINDS
from registries.models import certificates
from registries.models.fields import SecretField
from registries.models.queryset import SECRETS, TRUST
from registries.models.variables import VARIABLES, WithVariables
from registries.secrets.keys import key_ids
from registries.secrets.sealing import ANYBODY, VERIFIED, trusts_no_more


class Sealed(WithVariables):
    """A row with secrets that no change sends to somebody that they were not entered for."""

    # Columns of the row itself.
    uid: UUID
    key_id: str
    ca_certificate: str
    verify_tls: bool

    # Whether whoever saves it may hand its credentials over: see `entrust_secrets`.
    is_entrusting = False
    # Whether that was done to a stored secret since the row was loaded.
    is_entrusted = False

    class Meta:
        abstract = True

    @property
    def secrets_readable(self) -> bool:
        """Whether the keys that sealed the secrets are configured. Nothing is decrypted."""
        return set(_split(self.key_id)) <= set(key_ids())

    @property
    def holds_stored_secret(self) -> bool:
        """Whether a secret is as it is stored, and was not typed just now."""
        return any((secret := self.raw_value(name)) and secret.is_sealed for name in SECRETS)

    def secret_binding(self) -> str:
        """Return the text that secrets are sealed with: this row and the address they go to."""
        address = self.declaration.address if self.kind in KINDS else ()
        return "|".join(
            (self.uid.hex, self.kind, *(self.raw_value(name) or "" for name in address))
        )

    def secret_trust(self) -> str:
        """Return who may receive the secrets at that address. It is sealed with them too."""
        return _trust(self.verify_tls, self.ca_certificate)

    def misdirected_secrets(self) -> dict[str, str]:
        """Return the stored secrets that would be sent to somebody else after the current changes.

        Maps each to the code of the change, which is a key of `validation.MISDIRECTED`.
        """
        if (code := self._misdirection()) is None:
            return {}
        return dict.fromkeys(self.kept_secrets(), code)

    def entrust_secrets(self) -> None:
        """Let whom the row trusts since the current changes receive the stored secrets.

        Only on behalf of somebody who may hand them over. It does nothing if the address changed:
        then secrets are always asked for again.
        """
        if self._misdirection() in {"unverified", "ca_changed"}:
            self.is_entrusted = self.is_entrusted or bool(self.kept_secrets())
            self._reseal()

    def _reseal(self) -> None:
        """Seal the stored secrets anew for whom the row trusts now.

        Those that cannot be read stay as they are.
        """
        before = _trust(*(self.stored_value(name, getattr(self, name)) for name in TRUST))
        kept = self.kept_secrets()
        for name in kept:
            field = cast("SecretField", self._meta.get_field(name))
            stored = self.raw_value(name).bound(field.binding(self), before, field.label(self))
            setattr(self, name, stored.entrusted(self.secret_trust()))
        left = self.kept_secrets()
        if len(left) < len(kept):
            others = _split(self.key_id) if left else []
            self.key_id = ",".join(sorted({key_ids()[0], *others}))

    def kept_secrets(self) -> list[str]:
        """Return the names of the secrets that are as they are stored."""
        changed = self.changed()
        sealed = (name for name in SECRETS if (secret := self.raw_value(name)) and secret.is_sealed)
        return [name for name in sealed if name not in changed]

    def _misdirection(self) -> str | None:
        """Return the code of the change that would send stored secrets to somebody else, or None.

        Verifying certificates again, or only with the site's CAs, lets nobody new receive them.
        """
        changed = self.changed()
        if changed.intersection(("kind", *self.declaration.address)):
            return "address_changed"
        if not changed.intersection(TRUST):
            return None
        before = _trust(*(self.stored_value(name, getattr(self, name)) for name in TRUST))
        if trusts_no_more(self.secret_trust(), before):
            return None
        return "ca_changed" if self.verify_tls else "unverified"

    def seal(self) -> None:
        """Encrypt the secrets that are in clear, and set the ids of their keys."""
        for name in VARIABLES:
            if self.raw_value(name) == "":
                setattr(self, name, None)
        secrets = {name: self.raw_value(name) for name in SECRETS}
        sealed = [name for name, secret in secrets.items() if secret and secret.is_sealed]
        for field in self._meta.concrete_fields:
            if isinstance(field, SecretField):
                field.seal(self)
        ids = set(_split(self.key_id)) if sealed else set()
        if len(sealed) < sum(map(bool, secrets.values())):
            ids.add(key_ids()[0])
        self.key_id = ",".join(sorted(ids))


def _trust(verify_tls: bool, ca_certificate: str) -> str:
    if not verify_tls:
        return ANYBODY
    # The same certificates may have been pasted with other white space.
    trusted = certificates.normalized(ca_certificate or "")
    # Half a character is refused only later, where the field is validated.
    fingerprint = sha256(trusted.encode(errors="surrogatepass")).hexdigest()
    return f"ca:{fingerprint}" if trusted else VERIFIED


def _split(key_id: str) -> list[str]:
    return key_id.split(",") if key_id else []
