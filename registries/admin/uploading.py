"""What takes a file to import: bounded, in memory alone, and nothing of it sent back in clear."""

from io import BytesIO
from typing import Any

from django import forms
from django.core.files.uploadedfile import InMemoryUploadedFile
from django.core.files.uploadhandler import FileUploadHandler, SkipFile, StopFutureHandlers
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.debug import sensitive_variables

from registries.forms.fields import MONO
from registries.importing import FORMS, Form, Unreadable
from registries.importing.detecting import Undecided, detect
from registries.importing.entry import Found
from registries.importing.keeping import seal, unseal
from registries.importing.planning import read
from registries.importing.reading import LONGEST, decode

# Where the file is between the pages.
SEALED = "sealed"


class Bounded(FileUploadHandler):
    """Keeps one file in memory, and a byte more than may be imported; never on the disk."""

    # Not `file`: Django closes that of each handler when another file is skipped.
    content: BytesIO | None = None

    def new_file(self, *args: Any, **kwargs: Any) -> None:
        super().new_file(*args, **kwargs)
        if self.field_name != "file" or self.content is not None:
            raise SkipFile
        self.content = BytesIO()
        raise StopFutureHandlers

    def receive_data_chunk(self, raw_data: bytes, start: int) -> bytes | None:
        if self.content is not None and start <= LONGEST:
            self.content.write(raw_data[: LONGEST + 1 - start])
        return None

    def file_complete(self, file_size: int) -> InMemoryUploadedFile | None:
        if self.content is None:
            return None
        self.content.seek(0)
        about = (self.field_name, self.file_name, self.content_type, file_size, self.charset)
        return InMemoryUploadedFile(self.content, *about)


class Pasted(forms.Textarea):
    """A field for what holds secrets: nothing of it is sent back."""

    def format_value(self, value: Any) -> str:
        return ""


class ImportForm(forms.Form):
    """What is to be read: a file or its text, or what a page before had."""

    program = forms.ChoiceField(
        label=_("Program"),
        required=False,
        choices=lambda: [
            ("", _("Detect automatically")),
            *((form.slug, gettext(form.label)) for form in FORMS.values()),
        ],
        error_messages={"invalid_choice": _("Choose one of these programs.")},
    )
    file = forms.FileField(
        label=_("File"), required=False, widget=forms.FileInput, help_text=_("At most 1 MiB.")
    )
    text = forms.CharField(
        label=_("Or paste its text"),
        required=False,
        strip=False,
        widget=Pasted(attrs={**MONO, "class": "vLargeTextField reg-mono", "rows": 8}),
    )
    sealed = forms.CharField(required=False, strip=False, widget=forms.HiddenInput)

    def __init__(self, *args: Any, user_id: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.user_id = user_id
        # The file, sealed for the next page; who wrote it; and its entries.
        self.sealed_file = ""
        self.writer: Form | None = None
        self.entries: list[Found] = []

    @sensitive_variables()
    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if self.errors:
            return cleaned
        file, text = cleaned.get("file"), cleaned.get("text")
        place = "file" if file or not text else "text"
        if file and text:
            self.add_error("text", _("Choose a file or paste its text, but not both."))
        elif not (file or text or cleaned.get(SEALED)):
            self.add_error("file", _("Choose a file, or paste its text below."))
        else:
            self._read(place, cleaned)
        return cleaned

    @sensitive_variables()
    def _read(self, place: str, cleaned: dict[str, Any]) -> None:
        error: Unreadable | None = None
        try:
            data = self._data(cleaned)
            self.sealed_file = seal(decode(data), self.user_id)
            if chosen := cleaned.get("program"):
                self.writer, self.entries = FORMS[chosen], read(FORMS[chosen], data)
            else:
                self.writer, self.entries = detect(data)
        except Undecided as undecided:
            place, error = "program", undecided
        except Unreadable as unreadable:
            error = unreadable
        if error:
            self.add_error(place, error.text.render(gettext))

    @sensitive_variables()
    def _data(self, cleaned: dict[str, Any]) -> bytes:
        if file := cleaned.get("file"):
            return bytes(file.read())
        if text := cleaned.get("text"):
            return str(text).encode()
        return unseal(cleaned[SEALED], self.user_id).encode()
