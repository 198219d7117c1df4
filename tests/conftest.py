"""Settings of all tests."""

from hypothesis import settings

# No deadline: the first example of a test may compile a kernel. The blob reproduces a failure on another machine.
settings.register_profile("tamis", deadline=None, print_blob=True)
settings.load_profile("tamis")
