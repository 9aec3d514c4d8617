"""The channels there are, by the name that deliveries carry. A new one is one line here."""

from collections.abc import Callable

from laurels.channels.base import Channel
from laurels.channels.console import ConsoleChannel

CHANNELS: dict[str, Callable[[], Channel]] = {"console": ConsoleChannel}
