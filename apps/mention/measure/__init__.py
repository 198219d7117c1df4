"""What a memory costs, and how well it links and learns: the figures of its documentation, each a table.

times       synthetic mentions, vectors drawn by chance around their entity's: encoding is not in it
linking     mentions of known people that were kept back, their name cut to the surname that others share
teaching    a category of the labels as if it were a new one: a few examples, then everybody else is asked
"""

from apps.mention.measure.linking import linking
from apps.mention.measure.teaching import teaching
from apps.mention.measure.times import times

__all__ = ["linking", "teaching", "times"]
