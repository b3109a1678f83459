"""Two process types, as an example. They need nothing but Python."""
