"""Weather file formats, one a module; each offers `recognised` and `read`."""
