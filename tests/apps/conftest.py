"""What the tests of all applications share."""

from tests.apps.browser import browser, desktop, phone

__all__ = ["browser", "desktop", "phone"]
