"""Functions with parameters of their own, and the modules that hold them."""
