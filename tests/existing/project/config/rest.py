"""The site's own rules for its API."""

from typing import Any

from rest_framework.permissions import BasePermission
from rest_framework.response import Response


class DenyAll(BasePermission):
    """Nobody may do what a view does not allow itself."""

    def has_permission(self, request: Any, view: Any) -> bool:
        return False


def handle(error: Exception, context: dict[str, Any]) -> Response:
    return Response({"message": "Something went wrong."}, status=418)
