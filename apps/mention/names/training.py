"""The tagger from a corpus: the same data and seed give the same file.

    corpus without the held-out people  →  lexicon, certain runs  →  weights  →  more runs, tagged by them  →  weights

The runs that the rules of `labels` leave out are tagged by a first model; those of several words it is sure of join the
second training. Held-out people are in nothing of it: not in the lexicon, and no sentence that names them is read. One
surface form gives at most `_SAME_MAX` runs, so that no name is learnt by heart.
"""

from __future__ import annotations

import random
import tempfile
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from apps.mention.names.corpus import Corpus, NamedSentence, is_held_out
from apps.mention.names.counting import count_words
from apps.mention.names.labels import Labeller, Tags
from apps.mention.names.parts import name_words, surname
from apps.mention.names.runs import Line, read
from apps.mention.names.tagger import Tagger
from apps.mention.names.traits import Lexicon, traits

__all__ = ["train_finder"]

_SAME_MAX: Final = 6
_RUNS_MAX: Final = 120_000
_SURE: Final = 0.97
_SETTINGS: Final = {"c1": 0.6, "c2": 0.02, "max_iterations": 90, "feature.possible_transitions": True}


@dataclass(frozen=True, slots=True)
class _Run:
    words: list[str]
    run: tuple[int, int]
    tags: Tags | None

    @property
    def surface(self) -> str:
        return " ".join(self.words[slice(*self.run)])


def train_finder(corpus: Corpus, path: Path, seed: int = 0) -> Path:
    """Train on the people of the corpus that are not held out, and write the model to `path`. Needs python-crfsuite."""
    chance = random.Random(seed)
    lines = _readable(corpus)
    people = [name for name in corpus.people if not is_held_out(name)]
    lexicon = count_words((line for _, line in lines), people, corpus.places)
    names = {name_words(name) for name in people}
    full = frozenset(name for name in names if len(name) > 1)
    runs = _labelled(lines, Labeller(full, lexicon, frozenset(names - full)), {word for name in names for word in name})
    certain = _varied([run for run in runs if run.tags], chance)
    open_runs = _varied([run for run in runs if not run.tags and run.run[1] - run.run[0] > 1], chance)
    with tempfile.TemporaryDirectory() as folder:
        first = _fit(certain, lexicon, Path(folder, "first"))
        certain += _agreed(open_runs, lexicon, first)
        second = _fit(certain, lexicon, Path(folder, "second"))
        tagger = _exported(second, lexicon)
    tagger.write(path)
    return path


def _readable(corpus: Corpus) -> list[tuple[NamedSentence, Line]]:
    """The sentences in which nobody who is held out is named."""
    held = {name_words(name) for name in corpus.people if is_held_out(name)}
    longest = max(map(len, held), default=0)
    found = []
    for sentence in (*corpus.mentions, *corpus.articles):
        if not is_held_out(sentence.name):
            line = read(sentence.text)
            if not any(
                tuple(line.words[i:j]) in held
                for first, last in line.runs
                for i in range(first, last)
                for j in range(i + 1, min(last, i + longest) + 1)
            ):
                found.append((sentence, line))
    return found


def _labelled(lines: Sequence[tuple[NamedSentence, Line]], labeller: Labeller, borne: set[str]) -> list[_Run]:
    """Every run with its tags. borne: the words of people's names; in an article, which says everybody's full name
    before the surname alone, another single word is none."""
    surnames: defaultdict[str, set[str]] = defaultdict(set)
    for sentence, line in lines:
        for name in labeller.full_names(line):
            surnames[sentence.document] |= {word} if (word := surname(name)) else set()
    runs = []
    for sentence, line in lines:
        own = name_words(sentence.name)
        for run, tags in zip(line.runs, labeller.label(line, surnames[sentence.document]), strict=True):
            if tags is None and tuple(line.words[slice(*run)]) == own:
                tags = ["B"] + ["I"] * (len(own) - 1)
            elif tags is None and sentence.document == sentence.name and run[1] - run[0] == 1:
                word = line.words[run[0]]
                tags = None if word in borne or word in surnames[sentence.document] else ["O"]
            runs.append(_Run(line.words, run, tags))
    return runs


def _varied(runs: list[_Run], chance: random.Random) -> list[_Run]:
    """At most so many runs, and of one surface form only a few."""
    chance.shuffle(runs)
    seen: Counter[str] = Counter()
    kept = []
    for run in runs:
        surface = run.surface
        seen[surface] += 1
        if seen[surface] <= _SAME_MAX:
            kept.append(run)
    return kept[:_RUNS_MAX]


def _fit(runs: Iterable[_Run], lexicon: Lexicon, path: Path) -> Any:
    import pycrfsuite

    trainer = pycrfsuite.Trainer(verbose=False)
    trainer.set_params(_SETTINGS)
    for run in runs:
        trainer.append(traits(run.words, run.run, lexicon), run.tags)
    trainer.train(str(path))
    model = pycrfsuite.Tagger()
    model.open(str(path))
    return model


def _agreed(runs: Iterable[_Run], lexicon: Lexicon, model: Any) -> list[_Run]:
    """The open runs with the tags that the model is sure of."""
    found = []
    for run in runs:
        tags = model.tag(traits(run.words, run.run, lexicon))
        if model.probability(tags) >= _SURE:
            found.append(_Run(run.words, run.run, tags))
    return found


def _exported(model: Any, lexicon: Lexicon) -> Tagger:
    """The weights of a trained chain, in hundredths."""
    info = model.info()
    weights: defaultdict[str, list[int]] = defaultdict(lambda: [0, 0, 0])
    for (trait, tag), weight in info.state_features.items():
        weights[trait]["BIO".index(tag)] = round(weight * 100)
    kept = {trait: found for trait, found in sorted(weights.items()) if any(found)}
    transitions = {before + after: round(weight * 100) for (before, after), weight in sorted(info.transitions.items())}
    return Tagger(kept, transitions, lexicon)
