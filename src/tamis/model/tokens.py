"""Words of a text, as text conditions and text indexes see them.

    text -> cut (word | whitespace | prefix | multilingual) -> fold (ascii, lowercase) -> stopwords -> stem -> length

`tokens` is the document side, `query_tokens` the query side; they differ only under the prefix tokenizer, where a
document keeps every beginning of a word and a query keeps the word itself. `holds` decides one text against one
query. A path without a text index uses the default options: runs of letters and digits, lowercase.

multilingual: like word, but every character of a script written without spaces (Chinese, Japanese kana, Thai, Lao,
Khmer, Burmese) is a token of its own, so that a phrase of such characters is found without a dictionary.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from functools import cache, lru_cache

from tamis.model.schema import TextOptions

__all__ = ["STEMMERS", "TOKENIZERS", "holds", "query_tokens", "tokens"]

TOKENIZERS = ("word", "whitespace", "prefix", "multilingual")
STEMMERS = (  # languages
    "arabic", "armenian", "basque", "catalan", "czech", "danish", "dutch", "english", "esperanto", "estonian",
    "finnish", "french", "german", "greek", "hindi", "hungarian", "indonesian", "irish", "italian", "lithuanian",
    "nepali", "norwegian", "polish", "porter", "portuguese", "romanian", "russian", "serbian", "spanish", "swedish",
    "tamil", "turkish", "yiddish",
)  # fmt: skip

_WORD = re.compile(r"[^\W_]+")
_UNSPACED = (
    "\u0e01-\u0e3a\u0e40-\u0e4e\u0e80-\u0eff\u1000-\u1049\u1780-\u17d3"  # Thai, Lao, Burmese, Khmer
    "\u3005\u3041-\u30fa\u30fc-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"  # kana, Han
)
_MULTILINGUAL = re.compile(f"[{_UNSPACED}]|[^\\W_{_UNSPACED}]+")

# Letters with a plain spelling that Unicode does not decompose.
_LETTERS = str.maketrans(
    {
        "Æ": "AE", "æ": "ae", "Œ": "OE", "œ": "oe", "ß": "ss", "ẞ": "SS", "Ø": "O", "ø": "o", "Đ": "D", "đ": "d",
        "Ð": "D", "ð": "d", "Þ": "TH", "þ": "th", "Ł": "L", "ł": "l", "Ħ": "H", "ħ": "h", "ı": "i", "ĸ": "q",
        "Ŋ": "N", "ŋ": "n", "Ŧ": "T", "ŧ": "t", "ſ": "s", "Ĳ": "IJ", "ĳ": "ij", "ŉ": "n", "Ŀ": "L", "ŀ": "l",
    }
)  # fmt: skip

_DEFAULT = TextOptions()


def tokens(text: str, options: TextOptions = _DEFAULT) -> list[str]:
    """The tokens of a document, in order, repeats included.

    >>> tokens("The Cat, the hat_2")
    ['the', 'cat', 'the', 'hat', '2']
    >>> tokens("Cats", TextOptions(tokenizer="prefix", min_token_len=2))
    ['ca', 'cat', 'cats']
    """
    words = _words(text, options)
    if options.tokenizer != "prefix":
        return words
    low, high = options.min_token_len or 1, options.max_token_len
    return [word[:n] for word in words for n in range(low, min(len(word), high or len(word)) + 1)]


def query_tokens(text: str, options: TextOptions = _DEFAULT) -> list[str]:
    """The tokens of a query. Under the prefix tokenizer: whole words, cut at max_token_len.

    >>> query_tokens("cat", TextOptions(tokenizer="prefix"))
    ['cat']
    """
    words = _words(text, options)
    return [word[: options.max_token_len] for word in words] if options.tokenizer == "prefix" else words


def holds(text: str, query: str, mode: str, options: TextOptions = _DEFAULT) -> bool:
    """Whether `text` holds the tokens of `query`; mode: all | any | phrase (consecutive, in order).

    A query without tokens is held by nothing. Under the prefix tokenizer a phrase is a run of words that begin with
    the query's words.

    >>> holds("the quick brown fox", "quick brown", "phrase"), holds("the quick brown fox", "brown quick", "all")
    (True, True)
    """
    asked = query_tokens(query, options)
    if not asked:
        return False
    if mode == "phrase":
        return _has_run(_words(text, options), asked, options)
    found = set(tokens(text, options))
    return found.issuperset(asked) if mode == "all" else not found.isdisjoint(asked)


def _has_run(words: list[str], asked: list[str], options: TextOptions) -> bool:
    size = len(asked)
    if options.tokenizer != "prefix":
        return any(words[at : at + size] == asked for at in range(len(words) - size + 1))
    if min(map(len, asked)) < (options.min_token_len or 1):
        return False  # documents keep no beginning as short as that
    return any(
        all(word.startswith(begin) for word, begin in zip(words[at : at + size], asked, strict=True))
        for at in range(len(words) - size + 1)
    )


def _words(text: str, options: TextOptions) -> list[str]:
    if options == _DEFAULT and text.isascii():
        return _WORD.findall(text.lower())
    fold = _pipeline(options)
    return [word for piece in _pieces(text, options) if (word := fold(piece))]


def _pieces(text: str, options: TextOptions) -> list[str]:
    if options.ascii_folding:
        text = _without_accents(text)  # before cutting: a combining accent is not a letter and would cut its word
    if options.tokenizer == "whitespace":
        return text.split()
    return (_MULTILINGUAL if options.tokenizer == "multilingual" else _WORD).findall(text)


def _without_accents(text: str) -> str:
    marked = unicodedata.normalize("NFD", text)
    return unicodedata.normalize("NFC", "".join(c for c in marked if not "\u0300" <= c <= "\u036f")).translate(_LETTERS)


@lru_cache(maxsize=256)
def _pipeline(options: TextOptions) -> Callable[[str], str]:
    """From a piece of text to its token, or "" for none. Lowercase is per piece: a final sigma depends on it."""
    listed = map(_without_accents, options.stopwords) if options.ascii_folding else options.stopwords
    stop = frozenset(word.lower() if options.lowercase else word for word in listed)
    stem = None if options.stemmer is None else _stemmer(options.stemmer)
    cut = options.tokenizer == "prefix"  # there lengths bound the beginnings, not the words
    low = 0 if cut else options.min_token_len or 0
    high = None if cut else options.max_token_len

    def fold(piece: str) -> str:
        word = piece.lower() if options.lowercase else piece
        if word in stop:
            return ""
        if stem is not None:
            word = stem(word)
        return "" if len(word) < low or (high is not None and len(word) > high) else word

    return fold


@cache
def _stemmer(language: str) -> Callable[[str], str]:
    import snowballstemmer  # here, because most databases never stem and all of them count the time to import

    stem: Callable[[str], str] = snowballstemmer.stemmer(language).stemWord
    return lru_cache(maxsize=65_536)(stem)
