"""An app of the foreign site's own, whose rows refer to registries."""
