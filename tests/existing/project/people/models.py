"""People who sign in with their e-mail address."""

import uuid
from typing import Any

from django.contrib.auth.models import AbstractBaseUser, BaseUserManager, PermissionsMixin
from django.db import models


class People(BaseUserManager["Person"]):
    """How people are added."""

    def create_superuser(self, email: str, password: str | None = None, **more: Any) -> "Person":
        person = self.model(email=email, is_staff=True, is_superuser=True, **more)
        person.set_password(password)
        person.save(using=self._db)
        return person


class Person(AbstractBaseUser, PermissionsMixin):
    """It has no user name, no first and last name, and its key is no number."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    email = models.EmailField(unique=True)
    is_staff = models.BooleanField(default=False)
    is_active = models.BooleanField(default=True)

    objects = People()

    USERNAME_FIELD = "email"

    def __str__(self) -> str:
        return self.email


class Ship(models.Model):
    """A model of the site's own, beside the registries."""

    name = models.CharField(max_length=40)
    captain = models.ForeignKey(Person, models.SET_NULL, null=True, blank=True)

    def __str__(self) -> str:
        return self.name
