"""What keeps secrets secret: how they are sealed, and with which keys."""
