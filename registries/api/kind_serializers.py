"""The serializers of responses about kinds of registry."""

from typing import Any

from rest_framework import serializers

from registries.api.serializers import with_example
from registries.kinds import KINDS
from registries.schema import describe
from registries.text import gettext_noop


class VariableSerializer(serializers.Serializer[Any]):
    name = serializers.CharField()
    label = serializers.CharField()
    required = serializers.BooleanField()
    secret = serializers.BooleanField()
    help = serializers.CharField()


class LinkSerializer(serializers.Serializer[Any]):
    label = serializers.CharField()
    url = serializers.CharField()


class HowToSerializer(serializers.Serializer[Any]):
    title = serializers.CharField()
    steps = serializers.ListField(child=serializers.CharField())
    notes = serializers.ListField(child=serializers.CharField())
    links = LinkSerializer(many=True)


@with_example(**describe(KINDS["ghcr"], gettext_noop))
class KindSerializer(serializers.Serializer[Any]):
    slug = serializers.ChoiceField(choices=list(KINDS))
    label = serializers.CharField()
    hosts = serializers.ListField(child=serializers.CharField())
    variables = VariableSerializer(many=True)
    rules = serializers.ListField(child=serializers.CharField())
    schema = serializers.DictField(help_text="JSON Schema of the variables that are set.")
    howto = HowToSerializer()
