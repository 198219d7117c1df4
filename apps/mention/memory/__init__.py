"""The memory of mentions: who was spoken of, who is meant, what they are.

memory        `Memory`: remember, forget, link, read, describe, like, teach
mention       one mention and its id                    names         what somebody is called
mentions      their collection                          entities      the collection of those they are about
aggregation   entities follow their mentions            teaching      categories that users teach
linking       candidates for a name                     linker        their score, from arrays
description   categories and who speaks for them        conditions    filters on entities
reading       names found in a text                     words         categories as people read them
collections   made when missing, checked when there     errors        what is refused
"""

from apps.mention.memory.conditions import is_best, is_known, is_likely
from apps.mention.memory.description import Category, Description, Similar
from apps.mention.memory.errors import (
    MemoryRejected,
    OtherModel,
    UnknownCategory,
    UnknownEntity,
    UnknownMention,
    Unsettled,
)
from apps.mention.memory.linking import Candidate
from apps.mention.memory.memory import Memory, Size
from apps.mention.memory.mention import Mention, MentionId
from apps.mention.memory.reading import Finder, Found, Reading
from apps.mention.memory.teaching.taught import Lesson

__all__ = [
    "Candidate",
    "Category",
    "Description",
    "Finder",
    "Found",
    "Lesson",
    "Memory",
    "MemoryRejected",
    "Mention",
    "MentionId",
    "OtherModel",
    "Reading",
    "Similar",
    "Size",
    "UnknownCategory",
    "UnknownEntity",
    "UnknownMention",
    "Unsettled",
    "is_best",
    "is_known",
    "is_likely",
]
