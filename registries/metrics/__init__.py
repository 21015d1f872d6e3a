"""The site's figures for Prometheus, computed from the database whenever they are asked for.

So all processes answer alike, nothing is lost with one that ends, and what was deleted or renamed
is gone. It needs the extra `metrics`.
"""
