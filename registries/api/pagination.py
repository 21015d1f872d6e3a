"""The pagination of lists, with two queries for each page."""

from typing import Any

from rest_framework.pagination import PageNumberPagination


class Pages(PageNumberPagination):
    """Pages of 50 rows or of `page_size`. `params.PageParams` validates the query parameters."""

    page_size = 50
    page_size_query_param = "page_size"

    def get_paginated_response_schema(self, schema: dict[str, Any]) -> dict[str, Any]:
        page = super().get_paginated_response_schema(schema)
        for link in (page["properties"]["next"], page["properties"]["previous"]):
            # OpenAPI 3.1 has no `nullable`.
            link["type"] = [link["type"], "null"]
            del link["nullable"]
            link["example"] = None
        # The examples of lists have one row. The library's show addresses of another site.
        page["properties"]["count"]["example"] = 1
        return page | {"required": [*page["properties"]], "additionalProperties": False}
